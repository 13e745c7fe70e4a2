# SPDX-License-Identifier: Apache-2.0
"""The mock of Dropbox, held against the vendor's own client: what the service is tested with answers
as the API does."""
import os
import subprocess

import dropbox
import pytest
from dropbox import common, exceptions, files

import dropbox_mock
from dropbox_mock import BLOCK, content_hash


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "mock.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=mock", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out",
                    path.with_suffix(".crt")], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


@pytest.fixture
def box(certificate, monkeypatch):
    made = dropbox_mock.Dropbox(certificate)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    yield made
    made.close()


@pytest.fixture
def client(box, certificate):
    class Client(dropbox.Dropbox):
        """The vendor's, at the mock's address."""

        def __init__(self, *args, **more):
            super().__init__(*args, **more)
            self._host_map = dict.fromkeys(self._host_map, box.host)

        def refresh_access_token(self, host=box.host, scope=None):
            super().refresh_access_token(host, scope)

    return Client(oauth2_refresh_token="refresh-1", app_key="app", app_secret="secret",
                  session=dropbox.create_session(ca_certs=str(certificate)),
                  max_retries_on_error=0, max_retries_on_rate_limit=0)


def refused(call, *args, **more):
    with pytest.raises(exceptions.ApiError) as e:
        call(*args, **more)
    return e.value.error


def test_a_small_file_is_there_after_one_upload(box, client):
    made = client.files_upload(b"abc", "/Renders/ä.jpg", content_hash=content_hash(b"abc"))

    assert made.content_hash == "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"
    assert client.files_get_metadata("/renders/Ä.JPG").id == made.id
    assert box.files() == {"/Renders/ä.jpg": b"abc"}
    assert client.files_get_metadata("/renders").id.startswith("id:")


def test_the_same_content_is_no_conflict_and_other_content_is_one(client):
    first = client.files_upload(b"abc", "/a")

    assert client.files_upload(b"abc", "/A").rev == first.rev
    error = refused(client.files_upload, b"other", "/a")
    assert error.is_path() and error.get_path().reason.get_conflict().is_file()
    over = client.files_upload(b"other", "/a", mode=files.WriteMode.overwrite)
    assert over.rev != first.rev and over.id == first.id


def test_a_folder_that_is_there_is_a_conflict_that_says_so(client):
    made = client.files_create_folder_v2("/r/PL_1").metadata
    error = refused(client.files_create_folder_v2, "/R/pl_1")

    assert error.get_path().get_conflict().is_folder()
    assert client.files_get_metadata("/r/pl_1").id == made.id


def test_a_long_list_comes_in_pages(box, client):
    box.page = 2
    for name in "abcde":
        client.files_upload(name.encode(), f"/f/{name}")
    page = client.files_list_folder("/F")
    names = [e.name for e in page.entries]
    while page.has_more:
        page = client.files_list_folder_continue(page.cursor)
        names += [e.name for e in page.entries]

    assert names == list("abcde")
    assert refused(client.files_list_folder, "/none").get_path().is_not_found()


def concurrent(client, n):
    return client.files_upload_session_start_batch(
        n, session_type=files.UploadSessionType.concurrent).session_ids


def test_concurrent_sessions_are_closed_and_finished_together(box, client):
    large, small = concurrent(client, 2)
    cursor = files.UploadSessionCursor
    data = bytes(range(256)) * (BLOCK // 256) + b"end"
    client.files_upload_session_append_v2(data[:BLOCK], cursor(large, 0))
    entries = [files.UploadSessionAppendBatchArgEntry(cursor(large, BLOCK), 3, True),
               files.UploadSessionAppendBatchArgEntry(cursor(small, 0), 2, True)]
    done = client.files_upload_session_append_batch(b"endhi", entries,
                                                    content_hash=content_hash(b"endhi"))
    assert all(e.is_success() for e in done.entries)
    over = files.WriteMode.overwrite
    result = client.files_upload_session_finish_batch_v2([
        files.UploadSessionFinishArg(cursor(large, BLOCK + 3), files.CommitInfo("/l", mode=over)),
        files.UploadSessionFinishArg(cursor(small, 2), files.CommitInfo("/s", mode=over))])

    assert [e.get_success().content_hash for e in result.entries] == [content_hash(data),
                                                                      content_hash(b"hi")]
    assert box.files() == {"/l": data, "/s": b"hi"}


def test_parts_of_concurrent_sessions_follow_the_rule_of_four_mebibytes(client):
    one, = concurrent(client, 1)
    cursor = files.UploadSessionCursor
    append, finish = client.files_upload_session_append_v2, client.files_upload_session_finish_batch_v2

    assert refused(append, b"x", cursor(one, 1)).is_concurrent_session_invalid_offset()
    assert refused(append, b"x", cursor(one, 0)).is_concurrent_session_invalid_data_size()
    entry = finish([files.UploadSessionFinishArg(cursor(one, 0), files.CommitInfo("/x"))]).entries[0]
    assert entry.get_failure().is_concurrent_session_not_closed()
    append(b"x", cursor(one, 0), close=True)
    assert refused(append, b"x", cursor(one, 0)).is_closed()
    entry = finish([files.UploadSessionFinishArg(cursor(one, 2), files.CommitInfo("/x"))]).entries[0]
    assert entry.get_failure().get_lookup_failed().get_incorrect_offset().correct_offset == 1


def test_a_sequential_session_says_which_offset_is_right(client):
    session = client.files_upload_session_start(b"abc").session_id
    error = refused(client.files_upload_session_append_v2, b"d",
                    files.UploadSessionCursor(session, 2))
    assert error.get_incorrect_offset().correct_offset == 3
    made = client.files_upload_session_finish(b"d", files.UploadSessionCursor(session, 3),
                                              files.CommitInfo("/x"))
    assert made.size == 4


def test_a_body_that_is_not_what_its_hash_says_is_refused(client):
    error = refused(client.files_upload, b"abc", "/a", content_hash=content_hash(b"abd"))

    assert error.is_content_hash_mismatch()


def test_a_link_is_made_once_and_told_again(client):
    client.files_create_folder_v2("/f")
    made = client.sharing_create_shared_link_with_settings("/f")
    error = refused(client.sharing_create_shared_link_with_settings, "/f")

    assert error.get_shared_link_already_exists().get_metadata().url == made.url
    assert client.sharing_list_shared_links("/f", direct_only=True).links[0].url == made.url


def test_the_account_says_its_roots_and_its_room(box, client):
    account = client.users_get_current_account()
    team = client.with_path_root(common.PathRoot.root(account.root_info.root_namespace_id))
    team.files_upload(b"x", "/x")

    assert box.paths("2") == ["/x"] and box.paths("1") == []
    assert client.users_get_space_usage().used == 3 << 30
    wrong = client.with_path_root(common.PathRoot.root("1"))
    with pytest.raises(exceptions.PathRootError) as e:
        wrong.files_upload(b"x", "/x")
    assert e.value.error.get_invalid_root().root_namespace_id == "2"


def test_tokens_run_out_and_grants_are_revoked(box, client):
    client.users_get_current_account()
    box.expire_tokens()
    client.users_get_current_account()      # the client refreshes by itself
    assert box.routes().count("/oauth2/token") == 2
    box.revoke()
    with pytest.raises(exceptions.AuthError):
        client.users_get_current_account()


def test_faults_look_to_the_client_as_the_vendor_says(box, client):
    route = "/2/files/upload"
    full = files.UploadError.path(files.UploadWriteFailed(
        reason=files.WriteError.insufficient_space, upload_session_id="sid"))
    box.faults[route] = [dropbox_mock.too_many(7), dropbox_mock.Refused(full),
                         dropbox_mock.Answer(503, b"sorry")]
    with pytest.raises(exceptions.RateLimitError) as e:
        client.files_upload(b"x", "/x")
    assert e.value.backoff == 7
    assert refused(client.files_upload, b"x", "/x").get_path().reason.is_insufficient_space()
    with pytest.raises(exceptions.InternalServerError):
        client.files_upload(b"x", "/x")
    box.write_faults = [files.WriteError.too_many_write_operations]
    assert refused(client.files_upload, b"x", "/x").get_path().reason.is_too_many_write_operations()
    assert client.files_upload(b"x", "/x").size == 1
