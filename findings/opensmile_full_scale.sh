#!/usr/bin/env bash
# openSMILE's Python package turns a float sample of 1.0 into -32768: what is at full scale or above is wrapped round.
#
# Samples are multiplied by 32768 and cast to 16 bits. One would expect those that do not fit to be clipped, as sound
# libraries do. Instead each becomes a jump to the other sign, without a warning: of a tone of 220 Hz with amplitude 1.0
# the loudness of eGeMAPS is 1.6 times that of amplitude 0.99, and with 1.05, as resampling a loud recording gives, six
# times; the harmonics-to-noise ratio falls by 4 dB.
#
# Why it matters here: openSMILE's features are the baseline of speech emotion. projects/speech_baselines clips first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q opensmile==2.6.0 numpy==2.2.6
cd "$folder"
env/bin/python - <<'PY'
import warnings

import numpy as np
import opensmile

warnings.simplefilter('ignore')  # NumPy may remark on the cast, openSMILE does not
print('opensmile', opensmile.__version__)
smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
tone = np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)


def loudness_and_hnr(samples):
    features = smile.process_signal(samples.astype(np.float32), 16000).iloc[0]
    return features['loudness_sma3_amean'], features['HNRdBACF_sma3nz_amean']


below, hnr_below = loudness_and_hnr(0.99 * tone)
for amplitude, least, most in ((1.0, 1.4, 1.8), (1.05, 5.0, 7.0)):
    loud, hnr = loudness_and_hnr(amplitude * tone)
    clipped, hnr_clipped = loudness_and_hnr(np.clip(amplitude * tone, -1, 32767 / 32768))
    print(f'amplitude {amplitude}: loudness {loud / below:.2f} times that of 0.99, clipped first {clipped / below:.2f}; '
          f'HNR {hnr:.1f} dB, clipped first {hnr_clipped:.1f}')
    assert least < loud / below < most, 'this changed: samples at full scale are no longer wrapped round'
    assert clipped / below < 1.2 and abs(hnr_clipped - hnr_below) < 0.2
PY
