"""Names of the files that a test writes into its folder."""

METRICS_FILE = 'metrics.json'
TABLE_FILE = 'predictions.csv'
PARTIAL_FILE = 'predictions.partial.csv'  # of a test that could not use some clips, in place of the others
PREDICTIONS_FILE = 'predictions.pkl'  # as TABLE_FILE, with subjects and groups, for programs
