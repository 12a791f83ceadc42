"""The page in headless Chromium: upload, record, the player, two visitors, no other machine.

Needs `pip install selenium '.[page]'` and, on Debian, `apt-get install chromium chromium-driver`.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmavf.apis import AVFInferencer
from tests.helpers.faces import drawn_face, scene
from tests.helpers.media import tone, write_media
from tests.helpers.models import ROOT

pytest.importorskip('gradio', reason="pip install '.[page]'")
webdriver = pytest.importorskip('selenium.webdriver', reason='pip install selenium')
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which('chromium') and shutil.which('chromedriver')),
        reason='apt-get install chromium chromium-driver',
    ),
]
CONFIG = ROOT / 'configs/demo/avfmae_tiny_finetune.py'
WAIT_SEC = 120
# Writes down every address that the server connects to or looks up.
AUDIT = """
import os, sys
def note(event, args):
    if event in ('socket.connect', 'socket.getaddrinfo'):
        with open(os.environ['CONNECTIONS'], 'a') as file:
            print(args[1 if event == 'socket.connect' else 0], file=file)
sys.addaudithook(note)
"""


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    import torch

    from mmavf.apis import init_model

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('model') / 'tiny.pth'
    torch.save(dict(state_dict=init_model(CONFIG, device='cpu').state_dict()), path)
    return path


class Server:
    """The command, in a process of its own that has no ffmpeg."""

    def __init__(self, checkpoint, folder, *options):
        (folder / 'sitecustomize.py').write_text(AUDIT)
        self.connections, self.temporary = folder / 'connections.txt', folder / 'temporary'
        self.temporary.mkdir()
        environment = dict(
            os.environ, PATH='', PYTHONPATH=f'{folder}:{ROOT}', TMPDIR=self.temporary, CONNECTIONS=self.connections
        )
        words = ['--config', CONFIG, '--checkpoint', checkpoint, '--device', 'cpu', '--port', '0', *options]
        command = [sys.executable, '-m', 'mmavf', 'serve', *map(str, words)]
        self.log = (folder / 'log.txt').open('w')
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=folder
        )
        self.address = self.process.stdout.readline().split()[0]

    def files(self):
        """Return the names of files with content: Gradio leaves an empty one for each upload."""
        return sorted(path.name for path in self.temporary.rglob('*') if path.is_file() and path.stat().st_size)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()
            self.log.close()


@pytest.fixture(scope='module')
def server(checkpoint, tmp_path_factory):
    started = Server(checkpoint, tmp_path_factory.mktemp('server'), '--max-sec', '5')
    yield started
    started.end()


class Visitor:
    """A browser with the page."""

    def __init__(self, address, folder, width=1200, height=1000, camera=None):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which('chromium')
        options.add_argument('--headless=new')
        options.add_argument('--no-sandbox')  # tests may run as root
        options.add_argument('--disable-dev-shm-usage')
        options.add_argument(f'--window-size={width},{height}')
        if camera is not None:
            options.add_argument('--use-fake-ui-for-media-stream')
            options.add_argument('--use-fake-device-for-media-stream')
            options.add_argument(f'--use-file-for-fake-video-capture={camera}')
        options.add_experimental_option('prefs', {'download.default_directory': str(folder)})
        options.set_capability('goog:loggingPrefs', {'performance': 'ALL'})
        self.folder = folder
        self.browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which('chromedriver')))
        if width < 600:
            size = dict(width=width, height=height, deviceScaleFactor=1, mobile=True)
            self.browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
        self.browser.get(address)
        self.wait(lambda: self.all('input[type=file]'))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.browser.quit()

    def all(self, selector):
        return self.browser.find_elements('css selector', selector)

    def script(self, code):
        return self.browser.execute_script(code)

    def wait(self, condition):
        end = time.monotonic() + WAIT_SEC
        while not (found := condition()):
            assert time.monotonic() < end, f'{condition}: {self.script("return document.body.innerText")}'
            time.sleep(0.1)
        return found

    def upload(self, path):
        self.browser.switch_to.default_content()
        self.all('input[type=file]')[0].send_keys(str(path))

    def problem(self):
        return self.wait(lambda: [element.text for element in self.all('.problem') if element.text])[0]

    def player(self):
        """Wait for the player, and go into it; return its address."""
        frame = self.wait(lambda: self.all('#player iframe'))[0]
        address = frame.get_attribute('src')
        self.browser.switch_to.frame(frame)
        self.wait(lambda: self.script('return typeof media !== "undefined" && media.readyState >= 2'))
        return address

    def move(self, time_sec):
        self.script(f'media.currentTime = {time_sec}')
        self.wait(
            lambda: self.script('return !media.seeking') and f'at 0:{time_sec:05.2f}' in self.all('.when')[0].text
        )

    def shown(self):
        """Return the probabilities that are shown, by class, in percent."""
        rows = [row.text.split() for row in self.all('#now .row')]
        return {row[0]: float(row[1]) for row in rows}

    def requests(self):
        messages = [json.loads(entry['message'])['message'] for entry in self.browser.get_log('performance')]
        return {m['params']['request']['url'] for m in messages if m['method'] == 'Network.requestWillBeSent'}


def face_frames(seconds, x=80):
    return np.stack([scene(drawn_face(i % 25), x, 40) for i in range(round(25 * seconds))])


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp('clips')
    frames, sound = face_frames(4.0), tone(4.0, 2.0, 44100)
    write_media(folder / 'one.mpg', frames, sound, codecs=('mpeg1video', 'mp2'), rate_hz=44100)
    write_media(folder / 'two.mp4', face_frames(2.0, x=140), tone(2.0, 0.5))
    write_media(folder / 'silent.mp4', frames[:50], None)
    write_media(folder / 'empty scene.mp4', np.full((50, 240, 320, 3), 90, np.uint8), tone(2.0))
    write_media(folder / 'long.mp4', np.concatenate([frames, frames]), tone(8.0))
    (folder / 'nothing.mp4').write_bytes(b'')
    (folder / 'text.mp4').write_text('this is a text\n' * 20)
    return folder


@pytest.mark.parametrize(('width', 'height'), [(1200, 1000), (375, 812)])
def test_upload_probabilities_player_download(server, clips, checkpoint, tmp_path, width, height):
    timeline = AVFInferencer(CONFIG, checkpoint, device='cpu')(clips / 'one.mpg')
    with Visitor(server.address, tmp_path, width, height) as visitor:
        visitor.upload(clips / 'one.mpg')
        address = visitor.player()
        assert visitor.script('return [media.videoWidth, media.error]') == [320, None]
        for window, time_sec in zip(timeline.windows, (0.5, 3.5), strict=False):
            visitor.move(time_sec)
            wanted = {name: 100 * score for name, score in zip(timeline.model.names, window.scores, strict=True)}
            assert visitor.shown() == pytest.approx(wanted, abs=0.06)
            visitor.wait(lambda: visitor.script("return document.querySelector('.look').naturalWidth === 512"))
            left = float(visitor.script("return document.querySelector('.cursor').style.left").rstrip('%'))
            assert left == pytest.approx(100 * time_sec / timeline.source.end_sec, abs=2)
        box = visitor.script("return document.querySelector('#faces polygon').getAttribute('points')")
        corners = np.array([pair.split(',') for pair in box.split()], float)
        assert np.ptp(corners, axis=0) == pytest.approx(timeline.tracks[0].places[0][2], rel=0.1)
        visitor.all('.strip')[0].click()  # in its middle
        visitor.wait(lambda: visitor.script('return Math.abs(media.currentTime - media.duration / 2) < 0.1'))
        for name in ('json', 'csv'):
            visitor.all(f'#{name}')[0].click()
            visitor.wait((tmp_path / f'one.{name}').exists)
        saved = json.loads((tmp_path / 'one.json').read_text())
        assert saved['source']['path'] == 'one.mpg' and len(saved['windows']) == len(timeline.windows)
        assert (tmp_path / 'one.csv').read_text().count('\n') == 1 + len(timeline.windows)
        assert visitor.script('return document.documentElement.scrollWidth <= window.innerWidth')
        visitor.browser.switch_to.default_content()
        assert visitor.script('return document.documentElement.scrollWidth <= window.innerWidth')
        visitor.browser.save_screenshot(str(tmp_path / 'page.png'))
        foreign = [url for url in visitor.requests() if not url.startswith((server.address, 'data:', 'blob:'))]
        assert foreign == [] and address.startswith(f'{server.address}/clips/')
    visitor.wait(lambda: server.files() == [])


def test_two_visitors_at_once(server, clips, tmp_path):
    with Visitor(server.address, tmp_path) as one:
        with Visitor(server.address, tmp_path) as two:
            one.upload(clips / 'one.mpg')
            two.upload(clips / 'two.mp4')
            first, second = one.player(), two.player()
            assert [visitor.all('h2')[0].text for visitor in (one, two)] == ['one.mpg', 'two.mp4']
            assert first != second and server.files().count('media.mp4') == 2
        one.wait(lambda: server.files().count('media.mp4') == 1)  # the second has left
        one.browser.get(second)
        assert 'no longer here' in one.browser.page_source


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('nothing.mp4', 'it is empty'),
        ('text.mp4', 'cannot be opened as media'),
        ('long.mp4', 'the clip is too long: 8'),
        ('empty scene.mp4', 'no face, which the model needs'),
        ('silent.mp4', 'no sound, which the model needs'),
    ],
)
def test_what_cannot_be_used_gets_an_answer(server, clips, tmp_path, name, message):
    with Visitor(server.address, tmp_path) as visitor:
        visitor.upload(clips / name)
        text = visitor.problem()
        assert text.startswith(f'{name}: ') and message in text
        assert server.files() == []
        visitor.upload(clips / 'two.mp4')
        visitor.player()
        visitor.browser.switch_to.default_content()
        assert not visitor.all('.problem')
        (button,) = [b for b in visitor.all('button') if b.text == 'Delete my clip']
        button.click()
        visitor.wait(lambda: not visitor.all('#player iframe') and server.files() == [])


def test_a_recording_of_the_camera(server, tmp_path):
    camera = tmp_path / 'camera.y4m'
    with camera.open('wb') as file:
        file.write(b'YUV4MPEG2 W320 H240 F25:1 Ip A1:1 C420jpeg\n')
        for frame in face_frames(2.0):
            file.write(b'FRAME\n' + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
    with Visitor(server.address, tmp_path, camera=camera) as visitor:
        buttons = lambda text: [b for b in visitor.all('button') if b.is_displayed() and text in b.text]  # noqa: E731
        visitor.wait(lambda: buttons('Record'))[0].click()
        visitor.wait(lambda: buttons('Webcam'))[0].click()
        visitor.wait(lambda: visitor.all('button[aria-label="start recording"]'))[0].click()
        time.sleep(3)
        visitor.all('button[aria-label="start recording"]')[0].click()  # ends it, whatever it is called
        visitor.player()
        assert visitor.script('return media.duration') > 1.5 and visitor.shown()
        visitor.browser.switch_to.default_content()
        assert not [toast for toast in visitor.all('.toast-body') if 'playable' in toast.text]


def test_an_upload_beyond_the_limit_is_refused(checkpoint, clips, tmp_path):
    small = Server(checkpoint, tmp_path, '--max-mb', '0.01')
    try:
        with Visitor(small.address, tmp_path) as visitor:
            visitor.upload(clips / 'one.mpg')
            visitor.wait(lambda: 'exceed the maximum allowed size' in visitor.script('return document.body.innerText'))
            assert small.files() == []
    finally:
        assert small.end(signal.SIGINT) == 130
    assert list(small.temporary.iterdir()) == []


def test_the_server_asks_no_other_machine_and_leaves_nothing(checkpoint, clips, tmp_path):
    server = Server(checkpoint, tmp_path)
    try:
        with Visitor(server.address, tmp_path) as visitor:
            visitor.upload(clips / 'two.mp4')
            visitor.player()
            assert server.files() == ['look_1_0.jpg', 'media.mp4', 'timeline.csv', 'timeline.json']
            assert server.end() == 143
    finally:
        server.process.kill()
    assert list(server.temporary.iterdir()) == []
    asked = Path(server.connections).read_text().splitlines() if server.connections.exists() else []
    assert [line for line in asked if not re.match(r"\('(127\.0\.0\.1|::1)'|127\.0\.0\.1$|localhost$", line)] == []
