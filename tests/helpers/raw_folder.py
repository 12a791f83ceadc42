"""Small raw data of a user's own, and what a preparation of it leaves."""

from hashlib import sha256
from pathlib import Path

from .media import counted_frames, tone, write_folder, write_list, write_media, write_wav

FRAMES = {'anna/1.mp4': 30, 'anna/2.mp4': 20, 'ben/1.mp4': 25, 'ben/3.mp4': 15}  # length of the videos that can be used
LABELS = {'anna/1.mp4': 'calm', 'anna/2.mp4': 'glad', 'ben/1.mp4': 'calm', 'ben/3.mp4': 'glad'}


def write_raw(folder: Path) -> Path:
    """Write videos of two people, a folder of frames, and files that cannot be used; return the folder."""
    for name, count in FRAMES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_media(folder / name, counted_frames(count), tone(count / 25, onset_sec=0.2))
    write_folder(folder / 'carl' / 'images', counted_frames(25))
    write_wav(folder / 'carl' / 'images.wav', tone(1.0, onset_sec=0.4))
    (folder / 'ben' / '4.mp4').write_text('no media')
    write_media(folder / 'ben' / '5.mp4', counted_frames(10), None)
    rows = [(name, label, name.split('/')[0]) for name, label in LABELS.items()]
    rows += [('carl/images', 'glad', 'carl'), ('ben/4.mp4', 'calm', 'ben'), ('ben/5.mp4', 'calm', 'ben')]
    write_list(folder / 'labels.csv', [*rows, ('dora/9.mp4', 'calm', 'dora')], 'file,label,subject')
    return folder


def contents(folder: Path, but: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the hash of each file below a folder, and '' for each folder; without those named in `but`."""
    return {
        str(path.relative_to(folder)): '' if path.is_dir() else sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob('*'))
        if path.relative_to(folder).parts[0] not in but
    }
