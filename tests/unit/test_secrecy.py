import pytest

from selfright.secrecy import looks_secret, secret_in

SECRETS = {
    "a private key": [
        b"-----BEGIN PRIVATE KEY-----\nMIIE\n",
        b"-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n",
        b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQVY",
        rb'{"private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQ"}',
        b"PuTTY-User-Key-File-3: ssh-ed25519",
        rb'"{\"key\": \"-----BEGIN PRIVATE KEY-----\\nMIIEvQ\"}"',
        b"AGE-SECRET-KEY-1" + b"A1B2" * 14 + b"C3",
    ],
    "an AWS access key": [
        b"key: AKIAQWERTYUIOPASDFGH",
        b"aws_secret_access_key = " + b"a1B2" * 10,
        b"AWS_SECRET_ACCESS_KEY=" + b"a1B2" * 10,
        b'{"secretAccessKey": "' + b"a1B2" * 10 + b'"}',
        b"<SecretAccessKey>" + b"a1B2" * 10 + b"</SecretAccessKey>",
        "key: AKIAQWERTYUIOPASDFGH".encode("utf-16"),
    ],
    "an access token": [
        b'const token = "ghp_' + b"a1B2" * 9 + b'"',
        b"xoxb-104823957712-q7Wp0LxvTd",
        b"not ghp_" + b"x" * 36 + b" but ghp_" + b"a1B2" * 9,
        b"sk_live_" + b"a1B2" * 6,
        b"glpat-" + b"a1B2" * 5,
        b"sk-proj-" + b"a1B2" * 10,
        b"https://hooks.slack.com/services/T04QX7WPL/B05KD93JM/" + b"a1B2" * 6,
    ],
    "a list of passwords": [b"ann:$apr1$x$y\n", b"# users\nann:$2y$10$abc"],
    "a state of Terraform": [b'{"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x"}'],
}
HARMLESS = [
    b'const BEGIN = "-----BEGIN PRIVATE KEY-----"; return BEGIN + "\\n" + body',
    b"`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`",
    b"-----BEGIN CERTIFICATE-----\nMIIE",
    b"-----BEGIN PUBLIC KEY-----\nMIIE",
    b"AKIAIOSFODNN7EXAMPLE",
    b"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    b"AKIAXXXXXXXXXXXXXXXX AKIA0000000000000000 AKIA1234567890ABCDEF",
    b"ghp_" + b"x" * 36,
    b"export TOKEN=ghp_1234567890abcdefghijklmnopqrstuvwxyz",
    b"SG." + b"x" * 22 + b"." + b"x" * 43,
    b"xoxb-123456789012-1234567890123-abcdefghijkl",
    b"pk_live_" + b"a1B2" * 6,
    b'apiKey: "AIza' + b"a1B2" * 9 + b'"',
    b"task-force sk-select ghp_short npm_config_registry SG.map",
    b"cost:$5",
]


@pytest.mark.parametrize(("kind", "data"), [(kind, data) for kind, some in SECRETS.items() for data in some])
def test_a_secret_is_known_by_its_form(kind: str, data: bytes) -> None:
    """Keys, tokens, lists of passwords, and what holds them."""
    assert secret_in(data) == kind


@pytest.mark.parametrize("data", HARMLESS)
def test_what_only_resembles_a_secret_is_none(data: bytes) -> None:
    """Programs that know what a key begins with, public keys, and the examples of manuals."""
    assert not secret_in(data)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB", "ghp_" + "a1B2" * 9),
        ("STRIPE", "sk_live_" + "a1B2" * 6),
        ("SLACK", "xoxb-104823957712-q7Wp0LxvTd"),
        ("LOGIN", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
        ("URL", "redis://:hunter2@cache"),
        ("URL", "postgres://ann:p/hunter2@db/x"),
        ("CONNECTION", "Server=db;Password=hunter2"),
        ("DB_PASS", "hunter2"),
        ("dbPassword2", "hunter2"),
        ("SECRETKEY", "hunter2"),
        ("SIGNING_KEY", "hunter2"),
    ],
)
def test_a_setting_is_a_secret_by_its_name_or_its_form(name: str, value: str) -> None:
    """Whatever is a secret in a file is one in a setting, too."""
    assert looks_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_TOKENS", "4096"),
        ("COOKIE_DOMAIN", "example.com"),
        ("SESSION_MINUTES", "30"),
        ("AUTH_URL", "https://login.example.com:8443/users/@me"),
        ("PASS_THROUGH", "true"),
        ("COMPASS", "north"),
        ("SECRET_ARN", "x"),
        ("ENCRYPTION_KEY", "arn:aws:kms:eu-central-1:123456789012:key/x"),
        ("DbPassword", "{{resolve:secretsmanager:shop/prod:SecretString:password}}"),
        ("PARTITION_KEY", "id"),
    ],
)
def test_a_setting_about_secrets_is_none(name: str, value: str) -> None:
    """An application must be told where its secrets are, and how long a session lasts."""
    assert not looks_secret(name, value)
