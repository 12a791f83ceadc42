"""Extract features of the windows of videos and sound files, from any layer of a model.

    mmavf extract interview.mp4 --model models/crema_d --modality video --out interview.npz
    mmavf extract recordings --model models/huge --modality audio --tokens regions --layer 12 --out all.safetensors

Works with recognizers and with pre-trained models. The file holds `values` (windows first), for each window its
`recording`, `track`, `start_sec` and `end_sec`, and in `meta` the names of all axes, the recordings, and the hashes of
model and preprocessing. Windows are those of mmavf predict.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmavf.cli.commands.predict import add_window_options, check_recordings, window_settings
from mmavf.cli.model_options import add_model_options
from mmavf.cli.program import UsageError
from mmavf.cli.recordings import find_recordings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('paths', nargs='+', type=Path, metavar='PATH', help='video, sound file, or folder of them')
    add_model_options(parser)
    parser.add_argument('--modality', choices=['video', 'audio', 'fused'], required=True, help='whose features')
    parser.add_argument(
        '--tokens',
        choices=['pooled', 'regions', 'local'],
        default='pooled',
        help='the mean over tokens, the region tokens, or those of all patches (default: pooled)',
    )
    parser.add_argument(
        '--layer', type=layer_of, default='last', metavar='N', help='block of the encoder, from 1 (default: last)'
    )
    parser.add_argument('--out', type=Path, required=True, metavar='FILE', help='.npz or .safetensors file to write')
    add_window_options(parser)


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: As of `check_recordings` of mmavf predict, or the file of --out has another suffix.
    """
    check_recordings(args)
    if args.out.suffix not in ('.npz', '.safetensors'):
        raise UsageError(f'--out {args.out}: the name must end in .npz or .safetensors')


def layer_of(text: str) -> 'int | str':
    """Return a number, or 'last', for argparse.

    Raises:
        ValueError: It is neither.
    """
    return text if text == 'last' else int(text)


def run(args: Namespace) -> int:
    """Extract the features of all recordings, and say which failed."""
    from mmavf.apis.inference import FeatureExtractor, LayerChoice, save_window_features
    from mmavf.apis.inference.extractor import join_features
    from mmavf.cli.predict_progress import PredictProgress
    from mmavf.errors import ClipError
    from mmavf.files.atomic_file import check_writable
    from mmavf.files.markdown import markdown_table

    check_writable(args.out)
    recordings, _ = find_recordings(args.paths)
    choice = LayerChoice(args.modality, args.tokens, args.layer)
    extract = FeatureExtractor(
        args.model or args.config,
        args.checkpoint,
        args.device,
        choice,
        args.precision,
        **window_settings(args),
    )
    parts, failed = [], []
    with PredictProgress(len(recordings)) as progress:
        for path in recordings:
            progress.begin(path)
            try:
                parts.append(extract.extract(path, args.batch_size, progress.advance))
                progress.end(f'{len(parts[-1].values)} windows')
            except ClipError as error:
                failed.append((path, str(error).removeprefix(f'{path}: ')))
                progress.end(failed[-1][1])
    if failed:
        print(markdown_table(['recording', 'reason'], failed))
    if not parts:
        return 1
    found = join_features(parts)
    save_window_features(found, args.out)
    print(f'{args.out}: {" x ".join(map(str, found.values.shape))} ({", ".join(found.meta["axes"])})')
    return int(bool(failed))
