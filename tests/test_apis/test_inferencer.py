"""Inference on recordings: the same numbers as a test, windows by time, faces, missing modalities."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope

from mmavf.apis import AVFInferencer, FeatureExtractor, Recording, init_model, list_loader, open_recording, run_batch
from mmavf.apis.inference.inferencer import identity
from mmavf.apis.inference.window_settings import WindowSettings
from mmavf.apis.marginals import mean_tokens, output_of
from mmavf.datasets.media import MediaFile
from mmavf.errors import ClipError, ConfigError, MissingModalityError
from mmavf.faces import Face, FaceCropper
from mmavf.registry import FACE_DETECTORS
from mmavf.structures import AVDataSample
from mmavf.timeline import Timeline
from tests.helpers.faces import PlannedDetector
from tests.helpers.media import counted_frames, tone, write_list, write_media, write_wav
from tests.helpers.models import ROOT, build_recognizer
from tests.helpers.timelines import classifier, source
from tests.helpers.timelines import timeline as made_timeline

DEMO = ROOT / 'configs/demo/avfmae_tiny_finetune.py'
SPEECH = ROOT / 'configs/demo/avfmae_tiny_speech.py'


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    return init_model(DEMO, device='cpu')


@pytest.fixture(scope='module')
def video_model():
    cfg = Config.fromfile(DEMO)
    cfg.model.update(audio_encoder=None, correlation=None)
    pipeline = cfg.test_dataloader.dataset.pipeline
    pipeline[0].modalities = ('video',)
    cfg.test_dataloader.dataset.pipeline = [step for step in pipeline if step.type not in ('ReadAudio', 'LogMel')]
    torch.manual_seed(0)
    return init_model(cfg, device='cpu')


def clip(path, seconds, fps=25.0, sound=True):
    count = round(seconds * fps)
    frames = counted_frames(100)[np.arange(count) % 100]
    return write_media(path, frames, tone(seconds, 0.2) if sound else None, fps=fps)


@pytest.mark.parametrize('seconds', [0.4, 2.56, 3.0, 7.0])
def test_the_answer_is_what_a_test_gives(seconds, model, tmp_path):
    clip(tmp_path / 'clip.mp4', seconds)
    ann_file = write_list(tmp_path / 'clips.csv', [['clip.mp4']], header='video')
    (batch,) = list_loader(model.cfg, ann_file, tmp_path)
    (sample,) = run_batch(model, batch)
    timeline = AVFInferencer(model, detector=None)(tmp_path / 'clip.mp4', batch_size=3)
    np.testing.assert_allclose(timeline.answers[0].scores, sample.pred_score.numpy(), atol=1e-5)


def test_each_window_is_what_the_model_says_of_that_span_alone(model, tmp_path):
    clip(tmp_path / 'clip.mp4', 6.0)
    timeline = AVFInferencer(model, detector=None)(tmp_path / 'clip.mp4')
    assert [w.start_sec for w in timeline.windows] == pytest.approx([0, 1.28, 2.56, 3.44])
    rows = [['clip.mp4', w.start_sec, w.end_sec] for w in timeline.windows]
    ann_file = write_list(tmp_path / 'spans.csv', rows, header='video,start,end')
    (batch,) = list_loader(model.cfg, ann_file, tmp_path)
    # the log-mel of a test's window is cut one frame earlier, at the clip's last frame
    for window, sample in zip(timeline.windows, run_batch(model, batch), strict=True):
        np.testing.assert_allclose(window.scores, sample.pred_score.numpy(), atol=2e-2)


def test_windows_last_as_long_at_60_frames_per_second(model, tmp_path):
    timeline = AVFInferencer(model, detector=None)(clip(tmp_path / 'phone.mp4', 4.0, fps=60.0))
    assert timeline.source.fps == pytest.approx(60, abs=0.1)
    assert [round(w.end_sec - w.start_sec, 3) for w in timeline.windows] == [2.56, 2.56]


def test_arrays_a_file_and_a_stream_give_the_same(model, tmp_path):
    frames, sound = counted_frames(100), tone(4.0, 1.0)
    infer = AVFInferencer(model, detector=None)
    recording = Recording.from_arrays(frames, 25.0, sound, 16000)
    timeline = infer(recording)
    assert list(infer.stream(recording)) == list(timeline.windows)
    assert infer([recording, recording]) == [timeline, timeline]
    path = write_media(tmp_path / 'same.mkv', frames, sound, codecs=('ffv1', 'flac'), pixels='bgr0')
    for got, wanted in zip(infer(path).windows, timeline.windows, strict=True):
        np.testing.assert_allclose(got.scores, wanted.scores, atol=2e-3)  # FLAC has 16 bits
    assert Timeline.from_dict(timeline.to_dict()) == timeline
    assert list(timeline.to_dataframe()['label']) == [timeline.label(window) for window in timeline.windows]


@pytest.mark.parametrize('waveform', [np.zeros(16000, np.int16), np.zeros((16000, 2), np.float32), np.zeros((2, 2, 9))])
def test_waveforms_of_another_type_or_the_wrong_way_round_are_refused(waveform):
    with pytest.raises(ClipError, match=r'samples must be float in \[-1, 1\], \(N,\) or \(channels, N\), not'):
        Recording.from_arrays(waveform=waveform, rate_hz=16000)


def test_the_channel_of_the_pipeline_is_heard(tmp_path):
    cfg = Config.fromfile(SPEECH)
    first, second = tone(4.0, 0.5), tone(4.0, 1.5, pitch_hz=2000.0)
    soundfile.write(tmp_path / 'both.wav', np.stack([first, second], axis=1), 16000)
    soundfile.write(tmp_path / 'second.wav', np.stack([second, second], axis=1), 16000)
    answers, hashes = {}, set()
    for channel in (None, 2):
        if channel:
            cfg.test_dataloader.dataset.pipeline[0].audio_channel = channel
        torch.manual_seed(0)
        infer = AVFInferencer(init_model(cfg, device='cpu'))
        answers[channel] = [infer(tmp_path / name).answers for name in ('both.wav', 'second.wav')]
        hashes.add(infer.settings['preprocessing_sha256'])
    assert answers[2][0] == answers[2][1] == answers[None][1] != answers[None][0]
    assert len(hashes) == 2


def test_a_recording_of_another_channel_is_refused(tmp_path):
    cfg = Config.fromfile(SPEECH)
    cfg.test_dataloader.dataset.pipeline[0].audio_channel = 2
    torch.manual_seed(0)
    infer = AVFInferencer(init_model(cfg, device='cpu'))
    both = np.stack([tone(4.0, 0.5), tone(4.0, 1.5, pitch_hz=2000.0)])
    soundfile.write(tmp_path / 'both.wav', both.T, 16000, subtype='FLOAT')
    wanted = infer(tmp_path / 'both.wav').answers
    assert infer(Recording.from_arrays(waveform=both, rate_hz=16000, channel=2)).answers == wanted
    assert infer(open_recording(tmp_path / 'both.wav', channel=2)).answers == wanted
    extract = FeatureExtractor(infer.model)
    assert len(extract(open_recording(tmp_path / 'both.wav', channel=2)).values)
    for other in (
        Recording.from_arrays(waveform=both, rate_hz=16000),
        Recording.from_arrays(waveform=both[1], rate_hz=16000),
        open_recording(tmp_path / 'both.wav', channel=1),
    ):
        for use in (infer, extract, lambda recording: next(infer.stream(recording))):
            with pytest.raises(ConfigError, match=r'channel=(None|1), and .*OpenClip\(audio_channel=2\): open .*=2'):
                use(other)
    with pytest.raises(ClipError, match='no channel 3: it has 2'):
        Recording.from_arrays(waveform=both, rate_hz=16000, channel=3)
    for channel in (0, 'left'):
        with pytest.raises(ConfigError, match='ArraySound: a channel must be a number from 1'):
            Recording.from_arrays(waveform=both, rate_hz=16000, channel=channel)
        with pytest.raises(ConfigError, match='open_recording: a channel must be a number from 1'):
            open_recording(tmp_path / 'both.wav', channel=channel)


@pytest.mark.parametrize(('ms', 'usable'), [(5, False), (39, False), (40, True), (60, True)])
def test_sound_too_short_for_a_window_has_no_answer(ms, usable, tmp_path):
    torch.manual_seed(0)
    model = init_model(SPEECH, device='cpu')
    infer = AVFInferencer(model)
    sound = np.random.default_rng(0).normal(0, 0.1, 16 * ms).astype(np.float32)
    recording = Recording.from_arrays(waveform=sound, rate_hz=16000)
    write_wav(tmp_path / 'a.wav', sound, subtype='FLOAT')
    write_list(tmp_path / 'clips.csv', [['', 'a.wav']], header='video,audio')
    (batch,) = list_loader(model.cfg, 'clips.csv', tmp_path)
    if usable:
        assert infer(recording).windows[0].end_sec == pytest.approx(0.04) and not batch['failures']
        return
    with pytest.raises(ClipError, match=f'array: its sound is too short: {ms} ms; it must have 40 at least'):
        infer(recording)
    assert 'a.wav: its sound is too short' in batch['failures'][0].error


def test_sound_is_heard_from_0_as_in_a_test(tmp_path):
    torch.manual_seed(0)
    model = init_model(SPEECH, device='cpu')
    path = write_media(tmp_path / 'a.mp4', counted_frames(80), tone(3.2, 1.0), codecs=('libx264', 'aac'))
    found = AVFInferencer(model)(path)
    assert open_recording(path).sound.start_sec < 0 and found.windows[0].start_sec == 0
    (batch,) = list_loader(model.cfg, write_list(tmp_path / 'clips.csv', [['a.mp4']], header='video'), tmp_path)
    (sample,) = run_batch(model, batch)
    np.testing.assert_allclose(found.answers[0].scores, sample.pred_score.numpy(), atol=1e-4)


def test_pictures_of_recordings_of_one_name_are_not_drawn_over_each_other(tmp_path):
    lines = [made_timeline(source(path=f'{day}/clip.mp4'), classifier()) for day in 'ab']
    infer = AVFInferencer(SPEECH, device='cpu')
    with pytest.raises(ConfigError, match='two recordings have one name'):
        infer.visualize(['a/clip.mp4', 'b/clip.mp4'], lines, out_dir=tmp_path)


def test_a_folder_may_have_dots_in_its_name(model, tmp_path):
    (tmp_path / 'avfmae-1.1').mkdir()
    (tmp_path / 'avfmae-1.1.py').touch()
    assert identity(model, tmp_path / 'avfmae-1.1')[0] == 'avfmae-1.1' == identity(model, tmp_path / 'avfmae-1.1.py')[0]


def test_each_face_has_a_track_and_gaps_have_no_window(model):
    face = {name: Face((x, 10.0, 40.0, 40.0), 1.0) for name, x in (('left', 10.0), ('right', 110.0))}
    plan = [[face['left']] * (i < 100 or i >= 250) + [face['right']] * (50 <= i < 150) for i in range(400)]
    registered = FACE_DETECTORS.module_dict
    registered['PlannedDetector'] = PlannedDetector
    try:
        infer = AVFInferencer(model, detector=dict(type='PlannedDetector', plan=plan))
    finally:
        del registered['PlannedDetector']
    frames = np.random.default_rng(0).integers(0, 255, (400, 60, 160, 3), dtype=np.uint8)
    timeline = infer(Recording.from_arrays(frames, 25.0, tone(16.0), 16000))
    spans = [(track.number, round(track.start_sec, 1), round(track.end_sec, 1)) for track in timeline.tracks]
    assert spans == [  # faces are looked for in every fifth frame
        (1, 0.0, pytest.approx(4.0, abs=0.25)),
        (2, pytest.approx(2.0, abs=0.25), pytest.approx(6.0, abs=0.25)),
        (3, pytest.approx(10.0, abs=0.25), 16.0),
    ]
    assert {window.track for window in timeline.windows} == {1, 2, 3}
    assert not [w for w in timeline.windows if w.start_sec < 9.7 and w.end_sec > 7.1]
    assert len(timeline.answers) == 3
    assert timeline.notes == ('Several faces are seen at the same time; each gets the same sound, whoever speaks.',)
    x, y, side, _ = timeline.tracks[1].places[0]
    assert (x, y, side) == (pytest.approx(130), pytest.approx(30), pytest.approx(52))


def test_frames_and_crops_of_overlapping_windows_are_made_once(model, monkeypatch):
    face = Face((30.0, 10.0, 40.0, 40.0), 1.0)
    monkeypatch.setitem(FACE_DETECTORS.module_dict, 'PlannedDetector', PlannedDetector)
    infer = AVFInferencer(model, detector=dict(type='PlannedDetector', plan=[[face]] * 200), hop_sec=0.32)
    recording = Recording.from_arrays(np.full((200, 64, 96, 3), 99, np.uint8), 25.0, tone(8.0), 16000)
    passes, crops, crop = [], [], FaceCropper.crop

    class Noted:
        frame_times, read_frames = recording.frames.frame_times, recording.frames.read_frames

        def iter_frames(self, indices):
            passes.append(list(indices))
            return recording.frames.iter_frames(indices)

    monkeypatch.setattr(FaceCropper, 'crop', lambda *args: crops.append(1) or crop(*args))
    timeline = infer(replace(recording, frames=Noted()))
    [(_, plans)] = infer.windows.plan(recording).faces
    shown = {index for plan in plans for index in plan.frame_inds.tolist()}
    assert len(plans) >= len(timeline.windows) > 15 and len(shown) < 0.5 * sum(len(plan.frame_inds) for plan in plans)
    # besides this: every fifth frame for the faces, the first for its size
    assert [each for each in passes if len(each) > 1 and each[1] % 5] == [sorted(shown)] and len(passes) <= 3
    assert len(crops) == len(shown)


def test_windows_do_not_stay_in_memory(model):
    seen, alive = [], []

    def count(scored):
        seen.append(weakref.ref(scored.ready.packed['inputs']['audio']))
        alive.append(sum(ref() is not None for ref in seen))

    recording = Recording.from_arrays(counted_frames(100), 10.0, tone(10.0), 16000)
    AVFInferencer(model, detector=None, hop_sec=0.32).predict(recording, batch_size=1, each=count)
    assert len(seen) >= 20 and max(alive) <= 3


@pytest.mark.parametrize(
    ('make', 'reason'),
    [
        (lambda path: clip(path.with_suffix('.mp4'), 1.0, sound=False), 'no sound, which the model needs'),
        (lambda path: write_wav(path.with_suffix('.wav'), tone(1.0)), 'no video, which the model needs'),
        (lambda path: clip(path.with_suffix('.mkv'), 1.0), 'no face, which the model needs'),
    ],
)
def test_a_recording_that_lacks_what_the_model_needs_is_refused(make, reason, model, tmp_path):
    with pytest.raises(MissingModalityError, match=reason):
        AVFInferencer(model)(make(tmp_path / 'one'))


def test_a_model_of_video_ignores_sound_and_one_of_sound_takes_any_file(video_model, tmp_path):
    path = clip(tmp_path / 'silent.mp4', 3.0, sound=False)
    assert len(AVFInferencer(video_model, detector=None)(path).windows) == 1
    speech = AVFInferencer(SPEECH, device='cpu')
    assert speech.info.modalities == ('audio',)
    sound = tone(4.0, 0.5)
    alone = speech(write_wav(tmp_path / 'a.wav', sound))
    assert [(w.track, w.start_sec) for w in alone.windows] == [(None, 0.0), (None, pytest.approx(1.28))]
    filmed = speech(write_media(tmp_path / 'a.mkv', counted_frames(100), sound, codecs=('libx264', 'flac')))
    np.testing.assert_allclose(filmed.windows[0].scores, alone.windows[0].scores, atol=5e-3)


def test_what_cannot_be_used_is_a_typed_error(model, tmp_path):
    infer = AVFInferencer(model, detector=None)
    with pytest.raises(ClipError, match='this is a folder'):
        infer(tmp_path)
    with pytest.raises(ClipError, match='lost.mp4'):
        infer(tmp_path / 'lost.mp4')
    with pytest.raises(ClipError, match='frames need fps'):
        Recording.from_arrays(counted_frames(3))
    with pytest.raises(ClipError, match='pass frames, a waveform, or both'):
        Recording.from_arrays()
    with pytest.raises(ConfigError, match='hop_sec must be positive, not 0'):
        AVFInferencer(model, hop_sec=0)
    with pytest.raises(ConfigError, match="choose must be one of all, largest, central, not 'best'"):
        AVFInferencer(model, choose='best')
    with pytest.raises(ConfigError, match='publish it with mmavf publish --marginal LIST'):
        AVFInferencer(model, missing='marginal')
    with pytest.raises(ConfigError, match='batch_size must be at least 1'):
        infer(Recording.from_arrays(counted_frames(3), 25.0, tone(0.12), 16000), batch_size=0)
    with pytest.raises(ConfigError, match='predicts nothing'):
        AVFInferencer(ROOT / 'configs/demo/avfmae_tiny_pretrain.py', device='cpu')


def test_mean_tokens_are_refused_where_their_deviation_would_be_pooled():
    with pytest.raises(ConfigError, match="do not fit a model with pooling='mean_std'"):
        mean_tokens(build_recognizer(pooling='mean_std'), [])


def test_mean_tokens_that_are_not_finite_are_refused(tmp_path):
    broken = init_model(DEMO, device='cpu')
    broken.encoders['audio'].norm.weight.data[:] = 3e38
    clip(tmp_path / 'a.mp4', 3.0)
    loader = list_loader(broken.cfg, write_list(tmp_path / 'clips.csv', [['a.mp4']], header='video'), tmp_path)
    with pytest.raises(ClipError, match=r'the audio encoder makes numbers of it that are not finite'):
        mean_tokens(broken, loader)


def test_mean_tokens_stand_for_what_a_recording_lacks(model, tmp_path):
    clip(tmp_path / 'a.mp4', 3.0)
    loader = list_loader(model.cfg, write_list(tmp_path / 'clips.csv', [['a.mp4']], header='video'), tmp_path)
    tensors, _ = mean_tokens(model, loader)
    model.marginals = {modality: output_of(tensors, modality, 'cpu') for modality in ('video', 'audio')}
    try:
        infer = AVFInferencer(model, detector=None, missing='marginal')
        silent = infer(clip(tmp_path / 'silent.mp4', 3.0, sound=False))
        unseen = infer(write_wav(tmp_path / 'a.wav', tone(3.0, 0.2)))
    finally:
        model.marginals = {}
    assert {window.missing for window in silent.windows} == {('audio',)}
    assert {(window.track, window.missing) for window in unseen.windows} == {(None, ('video',))}
    assert silent.notes == ('Without sound: mean tokens stood in for it.',)
    # one window of the silent clip, computed by hand
    frames = init_windows(model, tmp_path / 'silent.mp4')
    given = dict(audio=output_of(tensors, 'audio', 'cpu'))
    (sample,) = run_batch(model, frames, given=given)
    np.testing.assert_allclose(silent.windows[0].scores, sample.pred_score.numpy(), atol=1e-5)


def test_settings_follow_calibration_mean_tokens_and_the_content_of_a_detector(model, tmp_path, monkeypatch):
    def settings(**options):
        return AVFInferencer(model, **options).settings

    plain = settings(detector=None)
    assert plain['calibration'] is None and plain['mean_tokens_sha256'] is None
    monkeypatch.setattr(model, 'card', dict(calibration=dict(temperature=2.0), marginals=dict(sha256='ab')))
    assert settings(detector=None)['calibration'] == dict(temperature=2.0)
    assert settings(detector=None)['mean_tokens_sha256'] is None  # not used
    monkeypatch.setattr(model, 'marginals', dict(audio=None))
    assert settings(detector=None, missing='marginal')['mean_tokens_sha256'] == 'ab'
    pipeline, hashes = AVFInferencer(model, detector=None).pipeline, set()
    for content in ('frame,x,y,w,h\n', 'frame,x,y,w,h\n0,1,1,9,9\n'):
        file = tmp_path / 'boxes.csv'
        file.write_text(content)
        chosen = WindowSettings(detector=dict(type='BoxFileDetector', path=str(file)))
        hashes.add(chosen.record(pipeline)['preprocessing_sha256'])
    assert len(hashes) == 2


def test_a_model_that_is_read_computes_in_the_precision_that_is_asked_for(model, tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=model.dataset_meta)), path)
    recording = Recording.from_arrays(counted_frames(100), 25.0, tone(4.0, 1.0), 16000)
    expected = AVFInferencer(model, detector=None)(recording)
    assert expected.settings['precision'] == 'float32'
    with pytest.warns(UserWarning, match='no bfloat16 units'):
        monkeypatch.setattr('mmavf.apis.batch.has_bf16_units', lambda device_type: False)
        plain = AVFInferencer(DEMO, path, 'cpu', precision='bfloat16', detector=None)
    assert plain(recording) == replace(expected, model=plain.info)
    monkeypatch.setattr('mmavf.apis.batch.has_bf16_units', lambda device_type: True)
    infer = AVFInferencer(DEMO, path, 'cpu', precision='bfloat16', detector=None)
    found = infer(recording)
    assert found.settings['precision'] == 'bfloat16'
    assert {p.dtype for p in infer.model.parameters()} == {torch.float32, torch.bfloat16}
    for one, other in zip(found.windows, expected.windows, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=0, atol=1e-2)
        assert one.scores != other.scores
    with pytest.raises(ConfigError, match='precision is for a model that is read here'):
        AVFInferencer(model, precision='bfloat16')
    with pytest.raises(ConfigError, match="precision must be one of float32, bfloat16, not 'float16'"):
        AVFInferencer(DEMO, path, precision='float16')


def init_windows(model, path):
    """Return the first 2.56 s of a clip as a batch of video alone."""
    frames = MediaFile(str(path)).video.read_frames(range(0, 64, 16))
    steps = [step for step in model.cfg.test_dataloader.dataset.pipeline if 'mmaction' in step.type]
    with DefaultScope.overwrite_default_scope('mmavf'):
        results = Compose(steps)(dict(imgs=frames, img_shape=frames[0].shape[:2], modality='RGB', num_clips=1))
    video = torch.from_numpy(np.stack(results['imgs']))[None, None]
    return dict(inputs=dict(video=video), data_samples=[AVDataSample()])
