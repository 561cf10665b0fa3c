import asyncio
import os
from pathlib import Path

from deepmse.app.web import storage


def test_what_is_older_than_its_time_is_deleted_whoever_made_it(tmp_path):
    for name in ("abc/photo.png", "dropped-half-way", "deep/er/link.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    storage.sweep(tmp_path, 3600)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 3
    storage.sweep(tmp_path, -1)
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_deleted_and_what_it_points_to_stays(tmp_path):
    private = tmp_path / "private"
    private.mkdir()
    (private / "letter.txt").write_text("Dear reader")
    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "link").symlink_to(private)
    storage.sweep(folder, -1)
    assert list(folder.iterdir()) == []
    assert (private / "letter.txt").exists()


def test_a_page_shares_its_folder_with_no_other_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with storage.folder_of_its_own() as folder:
        assert folder.parent == tmp_path
        assert storage.upload_folder() == str(folder)
        (folder / "photo.png").write_text("x")
    assert list(tmp_path.iterdir()) == []
    assert os.environ["GRADIO_TEMP_DIR"] == str(tmp_path)

    monkeypatch.delenv("GRADIO_TEMP_DIR")
    with storage.folder_of_its_own() as folder:
        assert storage.upload_folder() == str(folder)
    assert "GRADIO_TEMP_DIR" not in os.environ


def test_a_running_server_sweeps(monkeypatch, tmp_path):
    monkeypatch.setattr(storage, "SWEEP_S", 0.01)
    monkeypatch.setattr(storage, "LIFETIME_S", -1)
    (tmp_path / "old.png").write_text("x")

    async def serve() -> None:
        async with storage.swept(tmp_path)(None):
            while list(Path(tmp_path).iterdir()):
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(serve(), 60))
