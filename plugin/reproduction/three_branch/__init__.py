"""The paper of three branches: Dutta, Das, Shah, "Can no-reference features help in full-reference IQA?"."""
