"""Masked autoencoders of one modality, of three, and of parts of one's own."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmavf.errors import ConfigError
from mmavf.models.encoders import EncoderOutput
from mmavf.models.layers import PatchEmbed
from mmavf.models.maskers import TokenMask
from mmavf.models.pretrainers import AVFMAEPretrainer, MaskedAutoencoder
from mmavf.models.targets import PatchTarget
from mmavf.registry import MODELS
from tests.helpers.models import labelled
from tests.helpers.squares import DECODER, ENCODER, MASK, parts

DEMO = Path(__file__).parents[2] / 'configs' / 'demo'
SIZES = dict(video=(3, 4, 96, 96), audio=(1, 256, 128))


@pytest.mark.parametrize('modality', ['audio', 'video'])
def test_one_modality_trains_and_its_checkpoint_starts_fine_tuning(modality):
    model = MODELS.build(Config.fromfile(str(DEMO / f'avfmae_tiny_pretrain_{modality}.py')).model)
    assert type(model) is MaskedAutoencoder
    losses = model({modality: torch.randn(2, *SIZES[modality])}, mode='loss')
    assert list(losses) == [f'loss_{modality}']
    losses[f'loss_{modality}'].backward()
    assert all(p.grad is not None for p in model.decoders.parameters())
    config = Config.fromfile(str(DEMO.parent / '_base_' / 'models' / 'avfmae_tiny_finetune.py')).model
    config.head.num_classes = 2
    recognizer = MODELS.build(config)
    taken = recognizer.load_state_dict(model.state_dict(), strict=False)
    assert not [name for name in taken.missing_keys if name.startswith(f'encoders.{modality}')]


def test_the_pretrainer_of_one_modality_is_its_half_of_the_one_of_both():
    both = MODELS.build(Config.fromfile(str(DEMO / 'avfmae_tiny_pretrain.py')).model)
    both.correlation = None
    alone = MODELS.build(Config.fromfile(str(DEMO / 'avfmae_tiny_pretrain_audio.py')).model)
    alone.load_state_dict({name: value for name, value in both.state_dict().items() if '.audio.' in name})
    inputs = {m: torch.randn(2, *SIZES[m]) for m in SIZES}
    masks = {}
    for m in SIZES:
        drawn = both.masker(2, torch.device('cpu'))[m]
        hidden = torch.ones(2, both.masker.num_tokens[m], dtype=torch.bool)
        masks[m] = hidden.scatter(1, drawn.keep_ids, False), hidden.scatter(1, drawn.decode_ids, False)
    ours = alone(inputs, mode='predict', masks=masks).predictions['audio']
    assert torch.equal(ours, both(inputs, mode='predict', masks=masks).predictions['audio'])


def test_three_modalities_and_sizes_that_are_told_once():
    model = MaskedAutoencoder(**parts('face', 'depth', 'gaze'))
    assert model.masker.grids['gaze'] == model.decoders['gaze'].grid == (4, 4)
    assert model.decoders['depth'].out_channels == 8 and model.decoders['depth'].num_skips == 1
    assert model.targets['depth'].patch_size == (2, 2)
    losses = model({m: torch.randn(3, 2, 8, 8) for m in ('gaze', 'face', 'depth')}, mode='loss')
    assert sorted(losses) == ['loss_depth', 'loss_face', 'loss_gaze']


def test_the_target_is_told_the_normalisation_of_the_preprocessor():
    model = MODELS.build(Config.fromfile(str(DEMO / 'avfmae_tiny_pretrain_video.py')).model)
    config = Config.fromfile(str(DEMO / 'avfmae_tiny_pretrain_video.py')).model
    for key in ('mean', 'std', 'patch_size'):
        config.targets.video.pop(key)
    config.data_preprocessor.update(mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    told = MODELS.build(config).targets['video']
    assert told.mean.flatten().tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert told.std.flatten().tolist() == pytest.approx([0.4, 0.5, 0.6])
    assert model.targets['video'].mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])


def test_modules_are_taken_as_they_are():
    encoder, target = MODELS.build(ENCODER), PatchTarget((2, 2))
    model = MaskedAutoencoder(**parts('a', encoders=dict(a=encoder), targets=dict(a=target)))
    assert model.encoders['a'] is encoder and model.targets['a'] is target


@MODELS.register_module()
class PlainEncoder(nn.Module):
    """The least that an encoder is: patches, one linear layer."""

    def __init__(self):
        super().__init__()
        self.embed_dims, self.grid, self.patch_size, self.in_channels, self.out_indices = 16, (4, 4), (2, 2), 2, ()
        self.patch_embed = PatchEmbed(2, (2, 2), 16)

    def forward(self, x, keep_ids=None):
        ids = torch.arange(16) if keep_ids is None else keep_ids
        return EncoderOutput(self.patch_embed(x, ids), (), None, ids)


@MODELS.register_module()
class PlainDecoder(nn.Module):
    """The least that a decoder is: one value for all tokens."""

    embed_dims, num_skips = 4, 0

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 8)

    def forward(self, x, skips, position_ids, decode_ids):
        return self.head(x.mean(dim=1, keepdim=True)).expand(-1, decode_ids.shape[1], -1)


@MODELS.register_module()
class MeanTarget(nn.Module):
    """A target of one value a token."""

    num_values = 1

    def forward(self, x, ids):
        return PatchTarget((2, 2), normalize=False)(x, ids).mean(dim=2, keepdim=True)


@MODELS.register_module()
class FirstMask(nn.Module):
    """Hides the first tokens."""

    num_masked = 10

    def forward(self, batch_size, device):
        return (torch.arange(16, device=device) < 10).expand(batch_size, -1)


@MODELS.register_module()
class FirstMasker(nn.Module):
    """Draws the masks of a single modality, always the same."""

    def forward(self, batch_size, device):
        mask = FirstMask()(batch_size, device)
        return dict(a=TokenMask.from_masks(mask, ~mask, 6, 10))


@MODELS.register_module()
class AbsoluteLoss(nn.Module):
    """Mean absolute error, with and without weights: of predictions as of hidden tokens."""

    def forward(self, pred, target, weight=None):
        if weight is None:
            return (pred[0].mean() - target[0].mean()).abs()
        return ((pred - target).abs().mean(dim=2) * weight).mean()


@MODELS.register_module()
class AddMeans(nn.Module):
    """A correlation: each modality gets the other's mean, scaled."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, video, audio):
        return [x + self.scale * y.mean(dim=1, keepdim=True) for x, y in ((video, audio), (audio, video))]


@MODELS.register_module()
class Halve(nn.Module):
    """A data preprocessor: halves everything."""

    def forward(self, data, training=False):
        return {**data, 'inputs': {m: x / 2 for m, x in data['inputs'].items()}}


@MODELS.register_module()
class MeanHead(nn.Module):
    """A head: its one output is the mean of the feature, its loss the mean output."""

    def forward(self, x):
        return x, x.mean(dim=1, keepdim=True)

    def loss(self, outputs, data_samples):
        return outputs.mean()

    def predict(self, outputs, data_samples):
        return data_samples


OWN = dict(
    encoder=dict(encoders=dict(a=dict(type='PlainEncoder')), decoders=dict(a=dict(type='PlainDecoder'))),
    decoder=dict(encoders=dict(a=dict(ENCODER, out_indices=())), decoders=dict(a=dict(type='PlainDecoder'))),
    target=dict(targets=dict(a=dict(type='MeanTarget'))),
    masker=dict(masker=dict(type='FirstMasker')),
    generator=dict(masker=dict(type='DualMasker', encoder=dict(a=dict(type='FirstMask')), decoder=dict(a=MASK))),
    loss=dict(reconstruction_loss=dict(type='AbsoluteLoss')),
    preprocessor=dict(data_preprocessor=dict(type='Halve')),
    correlation=dict(correlation=dict(type='AddMeans')),
    contrast=dict(contrastive_loss=dict(type='AbsoluteLoss')),
)


def step(model, inputs, data_samples=None):
    """Train one step; every loss is finite, and some weight moves."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    before = [p.detach().clone() for p in model.parameters()]
    data = model.data_preprocessor(dict(inputs=inputs, data_samples=data_samples), True)
    loss = sum(model(**data, mode='loss').values())
    loss.backward()
    optimizer.step()
    assert loss.isfinite() and any(not torch.equal(x, y) for x, y in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize('kind', OWN)
def test_a_part_of_ones_own_is_swapped_in_by_config_and_trains(kind):
    modalities = ('a', 'b') if kind in ('correlation', 'contrast') else ('a',)
    preprocessor = dict(data_preprocessor=dict(type='BaseDataPreprocessor'))
    model = MODELS.build(dict(type='MaskedAutoencoder', **parts(*modalities, **preprocessor | OWN[kind])))
    step(model, {m: torch.randn(2, 2, 8, 8) for m in modalities})


OWN_OF_RECOGNIZER = dict(
    encoder=dict(video_encoder=dict(type='PlainEncoder')),
    head=dict(head=dict(type='MeanHead')),
    loss=dict(head=dict(type='RegressionHead', num_outputs=1, loss=dict(type='AbsoluteLoss'))),
    correlation=dict(audio_encoder=ENCODER, correlation=dict(type='AddMeans')),
    preprocessor=dict(data_preprocessor=dict(type='Halve')),
)


def recognizer(**own):
    """Build a small recognizer of images with two channels."""
    head = dict(type='RegressionHead', num_outputs=1)
    plain = dict(video_encoder=ENCODER, head=head, data_preprocessor=dict(type='BaseDataPreprocessor'))
    return MODELS.build(dict(type='AVFMAERecognizer', token_type='local', **plain | own))


@pytest.mark.parametrize('kind', OWN_OF_RECOGNIZER)
def test_a_part_of_ones_own_is_swapped_into_the_recognizer_and_trains(kind):
    samples = labelled(torch.tensor([0.5]), torch.tensor([1.0]))
    inputs = dict(video=torch.randn(2, 2, 8, 8), audio=torch.randn(2, 2, 8, 8))
    step(recognizer(**OWN_OF_RECOGNIZER[kind]), inputs, samples)


@pytest.mark.parametrize(
    ('kind', 'part', 'member'),
    [
        ('encoders', PlainEncoder, 'grid'),
        ('encoders', PlainEncoder, 'out_indices'),
        ('decoders', PlainDecoder, 'num_skips'),
        ('decoders', PlainDecoder, 'embed_dims'),
        ('targets', MeanTarget, 'forward'),
        ('masker', FirstMasker, 'forward'),
        ('reconstruction_loss', AbsoluteLoss, 'forward'),
        ('contrastive_loss', AbsoluteLoss, 'forward'),
        ('correlation', AddMeans, 'forward'),
        ('data_preprocessor', Halve, 'forward'),
    ],
)
def test_a_part_without_a_member_is_told_which(kind, part, member, monkeypatch):
    lacking = nn.Module() if member == 'forward' else part()
    if member != 'forward' and member in vars(part):
        monkeypatch.delattr(part, member)
    elif member != 'forward':
        delattr(lacking, member)
    own = {kind: dict(a=lacking) if kind in ('encoders', 'decoders', 'targets') else lacking}
    with pytest.raises(ConfigError, match=f'has no {member}; .*mmavf.models.interfaces'):
        MaskedAutoencoder(**parts('a', **own))


def test_a_mask_generator_without_a_member_is_told_which(monkeypatch):
    monkeypatch.delattr(FirstMask, 'num_masked')
    with pytest.raises(ConfigError, match='encoder mask of a: FirstMask has no num_masked; .*interfaces.MaskGenerator'):
        MaskedAutoencoder(**parts('a', **OWN['generator']))


@pytest.mark.parametrize('member', ['loss', 'predict', 'forward'])
def test_a_head_without_a_member_is_told_which(member, monkeypatch):
    monkeypatch.delattr(MeanHead, member)
    with pytest.raises(ConfigError, match=f'head: MeanHead has no {member}; .*interfaces.Head'):
        recognizer(head=dict(type='MeanHead'))
    with pytest.raises(ConfigError, match='head.loss: Identities has no forward'):
        recognizer(head=dict(type='RegressionHead', num_outputs=1, loss=type('Identities', (nn.Module,), {})()))


@pytest.mark.parametrize(
    ('own', 'message'),
    [
        (dict(encoders={}), 'for the same modalities, at least one'),
        (dict(decoders=dict(b=DECODER)), r"there are encoders for \['a'\], decoders for \['b'\]"),
        (dict(contrastive_loss=dict(type='HCMCLLoss')), 'relate two modalities'),
        (dict(correlation=dict(type='IAVCLHead', embed_dims=16)), 'relate two modalities'),
        (dict(masker=dict(type='AVDualMasker')), 'masker draws masks for video, audio; the model has a'),
    ],
)
def test_parts_for_other_modalities_are_refused(own, message):
    with pytest.raises(ConfigError, match=message):
        MaskedAutoencoder(**parts('a', **own))


def test_a_batch_without_a_modality_is_told():
    model = MaskedAutoencoder(**parts('a', 'b'))
    with pytest.raises(ConfigError, match='the model takes a, b; the batch has no b'):
        model(dict(a=torch.randn(2, 2, 8, 8)))


def test_the_pretrainer_of_the_paper_is_the_one_of_video_and_audio():
    model = MODELS.build(Config.fromfile(str(DEMO / 'avfmae_tiny_pretrain.py')).model)
    assert isinstance(model, AVFMAEPretrainer) and model.modalities == ('video', 'audio')


def test_without_decoder_masks_all_that_the_encoder_does_not_see_is_decoded():
    config = parts('video')
    config['masker'] = dict(config['masker'], decoder=None)
    model = MaskedAutoencoder(**config)
    mask = model.masker(3, torch.device('cpu'))['video']
    for seen, decoded in zip(mask.keep_ids.tolist(), mask.decode_ids.tolist(), strict=True):
        assert sorted(seen + decoded) == list(range(16))
    assert mask.loss_weight.shape == (3, 8) and mask.loss_weight.all()


def test_plain_blocks_of_a_decoder_come_one_after_the_other():
    decoder = MODELS.build(
        dict(DECODER, input_size=(8, 8), patch_size=(2, 2), out_channels=8, num_skips=0, depth=3)
    ).eval()
    x = torch.randn(2, 4, 8)
    seen, hidden = torch.arange(4).expand(2, -1), torch.arange(4, 16).expand(2, -1)
    tokens = torch.cat((x + decoder.positions[:4], decoder.mask_token.expand(2, 12, 8) + decoder.positions[4:]), dim=1)
    for block in (decoder.block, decoder.plain_blocks[0], decoder.plain_blocks[1]):
        tokens = block(tokens)
    torch.testing.assert_close(decoder(x, (), seen, hidden), decoder.head(decoder.norm(tokens[:, 4:])))
    with pytest.raises(ConfigError, match='depth must be 1 or more'):
        MODELS.build(dict(DECODER, input_size=(8, 8), patch_size=(2, 2), num_skips=0, depth=0))
