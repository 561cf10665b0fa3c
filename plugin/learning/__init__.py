"""What people train: labels, folds, model files, and one folder a family of models."""
