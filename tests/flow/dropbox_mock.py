# SPDX-License-Identifier: Apache-2.0
"""Dropbox's side of the API, on loopback. What an argument may be and what an answer looks like is
the word of the vendor's SDK: its routes, validators and serializers. What the service does with it
stands here: namespaces with trees, upload sessions with their offsets, content hashes, conflicts,
tokens, links; and faults, when a test asks for them. test_dropbox_mock.py proves it by the
vendor's client."""
import collections
import contextlib
import datetime
import json
import ssl
import threading
import traceback
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dropbox import auth, common, files, sharing, users, users_common
from dropbox.content_hash import DropboxContentHasher
from stone.backends.python_rsrc import stone_serializers as stone
from stone.backends.python_rsrc.stone_validators import ValidationError

BLOCK = 4 << 20
REQUEST_MAX = 150 << 20
ROUTES = {"/2/{}/{}".format(space.__name__.rpartition(".")[2], name.replace(":2", "_v2")): route
          for space in (files, sharing, users) for name, route in space.ROUTES.items()}
IGNORED = {"desktop.ini", "thumbs.db", ".ds_store", "icon\r", ".dropbox", ".dropbox.attr"}
NOW = datetime.datetime(2026, 11, 27, 12, 0, 0)


def content_hash(data):
    hasher = DropboxContentHasher()
    hasher.update(data)
    return hasher.hexdigest()


class Refused(Exception):
    """The route's own error: a value of its error_type, told with 409."""

    def __init__(self, error, status=409):
        super().__init__(str(error))
        self.error, self.status = error, status


class Answer(Exception):
    """An answer as it stands, whatever the route."""

    def __init__(self, status, body=b"", kind="text/plain", **headers):
        super().__init__(status)
        self.status, self.kind = status, kind
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {name.replace("_", "-"): str(value) for name, value in headers.items()}


def too_many(seconds, reason="too_many_requests"):
    """A 429 in JSON, as the SDK's RateLimitError says it."""
    error = auth.RateLimitError(reason=getattr(auth.RateLimitReason, reason), retry_after=seconds)
    shape = json.loads(stone.json_encode(auth.RateLimitError_validator, error))
    return Answer(429, {"error_summary": f"{reason}/..", "error": shape}, "application/json")


def unauthorized(error):
    shape = json.loads(stone.json_encode(auth.AuthError_validator, error))
    tag = shape if isinstance(shape, str) else shape[".tag"]
    return Answer(401, {"error_summary": f"{tag}/..", "error": shape}, "application/json")


def wrong_root(error):
    shape = json.loads(stone.json_encode(common.PathRootError_validator, error))
    return Answer(422, {"error_summary": "invalid_root/..", "error": shape}, "application/json")


class Entry:
    """A file or a folder of a tree."""

    def __init__(self, path, data=None):
        self.path, self.id, self.revs = path, f"id:{uuid.uuid4().hex[:22]}", 0
        self.is_folder = data is None
        self.write(data)

    def write(self, data):
        self.data, self.revs = data, self.revs + 1
        self.rev, self.hash = uuid.uuid4().hex[:15], None if data is None else content_hash(data)

    def metadata(self):
        name, paths = self.path.rpartition("/")[2], {"path_lower": self.path.lower(),
                                                     "path_display": self.path}
        if self.is_folder:
            return files.FolderMetadata(name=name, id=self.id, **paths)
        return files.FileMetadata(name=name, id=self.id, client_modified=NOW, server_modified=NOW,
                                  rev=self.rev, size=len(self.data), content_hash=self.hash,
                                  is_downloadable=True, **paths)


class Session:
    def __init__(self, concurrent):
        self.id, self.concurrent = f"pid_upload_session:{uuid.uuid4().hex}", concurrent
        self.parts, self.closed = {}, False

    def data(self):
        return b"".join(self.parts[at] for at in sorted(self.parts))

    def size(self):
        return max((at + len(part) for at, part in self.parts.items()), default=0)

    def has_gap(self):
        return sum(map(len, self.parts.values())) != self.size()

    def append(self, offset, data, close, errors):
        """errors: the union whose tags say what is wrong."""
        if self.closed:
            raise Refused(errors.closed)
        if not self.concurrent and offset != self.size():
            raise Refused(errors.incorrect_offset(
                files.UploadSessionOffsetError(correct_offset=self.size())))
        if self.concurrent and offset % BLOCK:
            raise Refused(errors.concurrent_session_invalid_offset)
        if self.concurrent and offset in self.parts:
            raise Refused(errors.incorrect_offset(
                files.UploadSessionOffsetError(correct_offset=self.size())))
        if self.concurrent and not close and len(data) % BLOCK:
            raise Refused(errors.concurrent_session_invalid_data_size)
        if data:
            self.parts[offset] = data
        self.closed = close


Call = collections.namedtuple("Call", "route arg headers size status")


class Dropbox:
    """One account: its trees, its tokens, what was asked of it (`calls`), and the faults to come.

    faults[route] is a list: each next call of that route takes one. An exception (Refused, Answer)
    is what is answered; "cut": the connection ends in the middle of the request's body; "mute": the
    call is done, its answer never comes; "hold": nothing happens until let_go; "drip": an answer
    that does not end. write_faults is a list of WriteErrors, for the next commits of any route; None
    lets one pass."""

    def __init__(self, tls=None):
        self.lock, self.let_go = threading.RLock(), threading.Event()
        self.trees, self.sessions = {"1": {}, "2": {}}, {}
        self.cursors, self.links = {}, {}
        self.calls, self.faults, self.write_faults = [], collections.defaultdict(list), []
        self.refresh_tokens, self.access_tokens = {"refresh-1"}, set()
        self.client_id, self.client_secret, self.expires_in = "app", "secret", 14400
        self.members, self.page = {"dbmid:1"}, 500
        self.server = Server(self, tls)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()

    # ---- what tests ask ----

    def paths(self, root="1"):
        with self.lock:
            return sorted(e.path for e in self.trees[root].values())

    def files(self, below="", root="1"):
        """path -> bytes"""
        with self.lock:
            return {e.path: e.data for e in self.trees[root].values()
                    if not e.is_folder and e.path.lower().startswith(below.lower())}

    def entry(self, path, root="1"):
        return self.trees[root].get(path.lower())

    def routes(self):
        return [call.route for call in self.calls]

    def expire_tokens(self):
        self.access_tokens.clear()

    def revoke(self):
        self.refresh_tokens.clear()
        self.access_tokens.clear()

    # ---- a tree ----

    def commit(self, tree, commit, data):
        """A file's content at its path: what /upload and /finish share."""
        if self.write_faults and (error := self.write_faults.pop(0)):
            raise Refused(error)
        self.check_name(commit.path)
        there = tree.get(commit.path.lower())
        if there and there.is_folder:
            raise Refused(files.WriteError.conflict(files.WriteConflictError.folder))
        if there and there.hash == content_hash(data) and not commit.strict_conflict:
            return there.metadata()
        if there and not commit.mode.is_overwrite() and not (
                commit.mode.is_update() and commit.mode.get_update() == there.rev):
            if not commit.autorename:
                raise Refused(files.WriteError.conflict(files.WriteConflictError.file))
            stem, dot, ext = commit.path.rpartition(".")
            commit.path, there = f"{stem} (1){dot}{ext}", None
        self.make_folder(tree, commit.path.rpartition("/")[0])
        if there:
            there.write(data)
        else:
            there = tree[commit.path.lower()] = Entry(commit.path, data)
        return there.metadata()

    @staticmethod
    def check_name(path):
        for name in path.split("/")[1:]:
            if not name or name.lower() in IGNORED or name[-1] == " " or "\x7f" in name:
                raise Refused(files.WriteError.disallowed_name)
            if len(name) > 255 or "\\" in name:
                raise Refused(files.WriteError.malformed_path(None))

    def make_folder(self, tree, path):
        """It and what is above it; False: it was there."""
        if not path or path.lower() in tree and tree[path.lower()].is_folder:
            return False
        if path.lower() in tree:
            raise Refused(files.WriteError.conflict(files.WriteConflictError.file_ancestor))
        above = path.rpartition("/")[0]
        self.make_folder(tree, above)
        display = tree[above.lower()].path if above else ""
        tree[path.lower()] = Entry(display + path[len(display):], None)
        return True

    @staticmethod
    def find(tree, path, error=None):
        found = next((e for e in tree.values() if e.id == path), None) or tree.get(path.lower())
        if not found and error:
            raise Refused(error)
        return found

    # ---- the routes: (tree, argument, body) -> result ----

    def create_folder_v2(self, tree, arg, _):
        self.check_name(arg.path)
        there = tree.get(arg.path.lower())
        if there:
            kind = "folder" if there.is_folder else "file"
            raise Refused(files.CreateFolderError.path(files.WriteError.conflict(
                getattr(files.WriteConflictError, kind))))
        try:
            self.make_folder(tree, arg.path)
        except Refused as e:
            raise Refused(files.CreateFolderError.path(e.error)) from None
        return files.CreateFolderResult(metadata=tree[arg.path.lower()].metadata())

    def get_metadata(self, tree, arg, _):
        return self.find(tree, arg.path, files.GetMetadataError.path(
            files.LookupError.not_found)).metadata()

    def list_folder(self, tree, arg, _):
        folder = arg.path
        if folder:
            found = self.find(tree, folder, files.ListFolderError.path(files.LookupError.not_found))
            if not found.is_folder:
                raise Refused(files.ListFolderError.path(files.LookupError.not_folder))
            folder = found.path.lower()
        inside = [e for path, e in tree.items() if path.startswith(folder + "/")
                  and (arg.recursive or "/" not in path[len(folder) + 1:])]
        return self.listed(inside, min(arg.limit or self.page, self.page))

    def list_folder_continue(self, _tree, arg, _):
        if arg.cursor not in self.cursors:
            raise Refused(files.ListFolderContinueError.reset)
        return self.listed(*self.cursors[arg.cursor])

    def listed(self, entries, limit):
        cursor = f"cursor-{uuid.uuid4().hex}"
        self.cursors[cursor] = (entries[limit:], limit)
        return files.ListFolderResult(entries=[e.metadata() for e in entries[:limit]],
                                      cursor=cursor, has_more=len(entries) > limit)

    @staticmethod
    def check_hash(arg, data, error):
        if arg.content_hash and arg.content_hash != content_hash(data):
            raise Refused(error.content_hash_mismatch)

    def upload(self, tree, arg, data):
        self.check_hash(arg, data, files.UploadError)
        try:
            return self.commit(tree, arg, data)
        except Refused as e:
            raise Refused(files.UploadError.path(files.UploadWriteFailed(
                reason=e.error, upload_session_id="sid"))) from None

    def open_session(self, kind):
        session = Session(bool(kind) and kind.is_concurrent())
        self.sessions[session.id] = session
        return session

    def session(self, cursor, errors):
        found = self.sessions.get(cursor.session_id)
        if not found:
            raise Refused(errors.not_found)
        return found

    def upload_session_start(self, _tree, arg, data):
        self.check_hash(arg, data, files.UploadSessionStartError)
        session = self.open_session(arg.session_type)
        if session.concurrent and (data or arg.close):
            raise Refused(files.UploadSessionStartError.concurrent_session_data_not_allowed if data
                          else files.UploadSessionStartError.concurrent_session_close_not_allowed)
        session.append(0, data, arg.close, files.UploadSessionAppendError)
        return files.UploadSessionStartResult(session_id=session.id)

    def upload_session_start_batch(self, _tree, arg, _):
        return files.UploadSessionStartBatchResult(session_ids=[
            self.open_session(arg.session_type).id for _ in range(arg.num_sessions)])

    def upload_session_append_v2(self, _tree, arg, data):
        errors = files.UploadSessionAppendError
        self.check_hash(arg, data, errors)
        self.session(arg.cursor, errors).append(arg.cursor.offset, data, arg.close, errors)

    def upload_session_append_batch(self, _tree, arg, data):
        self.check_hash(arg, data, files.UploadSessionAppendBatchError)
        if sum(e.length for e in arg.entries) != len(data):
            raise Refused(files.UploadSessionAppendBatchError.length_mismatch)
        errors, result, at = files.UploadSessionAppendBatchEntryError, [], 0
        for e in arg.entries:
            try:
                self.session(e.cursor, errors).append(e.cursor.offset, data[at:at + e.length],
                                                      e.close, errors)
                result.append(files.UploadSessionAppendBatchResultEntry.success)
            except Refused as refused:
                result.append(files.UploadSessionAppendBatchResultEntry.failure(refused.error))
            at += e.length
        return files.UploadSessionAppendBatchResult(entries=result)

    def finish(self, tree, arg, data, batch):
        errors, looked = files.UploadSessionFinishError, files.UploadSessionLookupError
        try:
            session = self.session(arg.cursor, looked)
            if session.concurrent and data:
                raise Refused(errors.concurrent_session_data_not_allowed)
            if session.concurrent and not session.closed:
                raise Refused(errors.concurrent_session_not_closed)
            if session.concurrent and session.has_gap():
                raise Refused(errors.concurrent_session_missing_data)
            if batch and not session.closed:
                raise Refused(looked.not_closed)
            if arg.cursor.offset != session.size():
                raise Refused(looked.incorrect_offset(
                    files.UploadSessionOffsetError(correct_offset=session.size())))
            if data:
                session.append(arg.cursor.offset, data, True, looked)
            done = self.commit(tree, arg.commit, session.data())
        except Refused as e:
            kinds = {files.UploadSessionLookupError: errors.lookup_failed,
                     files.WriteError: errors.path}
            raise Refused(kinds.get(type(e.error), lambda same: same)(e.error)) from None
        del self.sessions[session.id]
        return done

    def upload_session_finish(self, tree, arg, data):
        self.check_hash(arg, data, files.UploadSessionFinishError)
        return self.finish(tree, arg, data, False)

    def upload_session_finish_batch_v2(self, tree, arg, _):
        result = []
        for e in arg.entries:
            try:
                result.append(files.UploadSessionFinishBatchResultEntry.success(
                    self.finish(tree, e, b"", True)))
            except Refused as refused:
                result.append(files.UploadSessionFinishBatchResultEntry.failure(refused.error))
        return files.UploadSessionFinishBatchResult(entries=result)

    def link_of(self, found):
        may = sharing.LinkPermissions(can_revoke=True, visibility_policies=[], can_set_expiry=False,
                                      can_remove_expiry=False, allow_download=True,
                                      can_allow_download=True, can_disallow_download=False,
                                      allow_comments=True, team_restricts_comments=True)
        return sharing.FolderLinkMetadata(url=self.links[found.id], name=found.path.rpartition("/")[2],
                                          link_permissions=may, id=found.id,
                                          path_lower=found.path.lower())

    def create_shared_link_with_settings(self, tree, arg, _):
        errors = sharing.CreateSharedLinkWithSettingsError
        found = self.find(tree, arg.path, errors.path(files.LookupError.not_found))
        if found.id in self.links:
            old = sharing.SharedLinkAlreadyExistsMetadata.metadata(self.link_of(found))
            raise Refused(errors.shared_link_already_exists(None if arg.settings else old))
        self.links[found.id] = f"https://www.dropbox.com/scl/fo/{found.id[3:]}/h?dl=0"
        return self.link_of(found)

    def list_shared_links(self, tree, arg, _):
        found = self.find(tree, arg.path, sharing.ListSharedLinksError.path(
            files.LookupError.not_found))
        links = [self.link_of(found)] if found.id in self.links else []
        return sharing.ListSharedLinksResult(links=links, has_more=False)

    def get_current_account(self, *_):
        name = users.Name(given_name="Rosa", surname="Renner", familiar_name="Rosa",
                          display_name="Rosa Renner", abbreviated_name="RR")
        return users.FullAccount(
            account_id="dbid:" + "A" * 35, name=name, email="rosa@example.org", email_verified=True,
            disabled=False, locale="en", referral_link="https://db.tt/x", is_paired=False,
            account_type=users_common.AccountType.business,
            root_info=common.TeamRootInfo(root_namespace_id="2", home_namespace_id="1",
                                          home_path="/Rosa Renner"))

    def get_space_usage(self, *_):
        return users.SpaceUsage(used=3 << 30, allocation=users.SpaceAllocation.individual(
            users.IndividualSpaceAllocation(allocated=10 << 30)))

    # ---- who asks, and where ----

    def token(self, form):
        if form.get("client_id") != self.client_id or form.get("client_secret") not in (
                None, self.client_secret):
            raise Answer(400, {"error": "invalid_client: Invalid client_id or client_secret"},
                         "application/json")
        if form.get("grant_type") != "refresh_token" or form.get(
                "refresh_token") not in self.refresh_tokens:
            raise Answer(400, {"error": "invalid_grant",
                               "error_description": "refresh token is invalid or revoked"},
                         "application/json")
        token = f"sl.{uuid.uuid4().hex}"
        self.access_tokens.add(token)
        return {"access_token": token, "token_type": "bearer", "expires_in": self.expires_in}

    def check_token(self, headers):
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if not token.startswith("sl."):
            raise unauthorized(auth.AuthError.invalid_access_token)
        if token not in self.access_tokens:
            raise unauthorized(auth.AuthError.expired_access_token)
        member = headers.get("dropbox-api-select-user")
        if member and member not in self.members:
            raise unauthorized(auth.AuthError.invalid_select_user)

    def tree(self, headers):
        try:
            root = stone.json_decode(common.PathRoot_validator,
                                     headers.get("dropbox-api-path-root") or '"home"', strict=True)
        except ValidationError as e:
            raise Answer(400, f"Dropbox-API-Path-Root: {e}".encode()) from None
        if root.is_home():
            return self.trees["1"]
        if root.is_root() and root.get_root() != "2":
            raise wrong_root(common.PathRootError.invalid_root(common.TeamRootInfo(
                root_namespace_id="2", home_namespace_id="1", home_path="/Rosa Renner")))
        namespace = root.get_root() if root.is_root() else root.get_namespace_id()
        if namespace not in self.trees:
            raise wrong_root(common.PathRootError.no_permission)
        return self.trees[namespace]

    def answer(self, path, arg, headers, data):
        route = ROUTES[path]
        method = getattr(self, path.split("/", 3)[3].replace("/", "_"))
        try:
            result = method(self.tree(headers), arg, data)
        except Refused as e:
            shape = json.loads(stone.json_encode(route.error_type, e.error))
            raise Answer(e.status, {"error_summary": "tag/...", "error": shape},
                         "application/json") from None
        return stone.json_encode(route.result_type, result).encode()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, box, tls):
        super().__init__(("127.0.0.1", 0), Handler)
        self.box = box
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):     # a client that is killed is none of ours
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        box, headers = self.server.box, {k.lower(): v for k, v in self.headers.items()}
        size, plan = int(headers.get("content-length", 0)), box.faults[self.path]
        fault = plan.pop(0) if plan else None
        if fault == "cut":
            self.rfile.read(size // 2)
            self.close_connection = True
            box.calls.append(Call(self.path, None, headers, size, "cut"))
            return
        data = self.rfile.read(size)
        if fault in ("hold", "drip"):
            box.calls.append(Call(self.path, None, headers, size, fault))
            self.be_slow(fault)
            return
        arg = None
        try:
            arg = self.argument(headers, data)
            if isinstance(fault, Exception):
                raise fault if isinstance(fault, Answer) else self.refusal(fault)
            status, kind, more = 200, "application/json", {}
            body = self.perform(arg, headers, data)
        except Answer as e:
            status, kind, more, body = e.status, e.kind, e.headers, e.body
        except Exception:               # a defect of the mock: told, not hidden in a cut
            status, kind, more, body = 500, "text/plain", {}, traceback.format_exc().encode()
        box.calls.append(Call(self.path, arg, headers, size, status))
        if fault == "mute":
            self.close_connection = True
            return
        self.reply(status, kind, more, body)

    def reply(self, status, kind, more, body):
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": len(body),
                            "x-dropbox-request-id": uuid.uuid4().hex, **more}.items():
            self.send_header(name, str(value))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def be_slow(self, how):
        self.close_connection = True
        if how == "drip":
            self.send_response(200)
            self.end_headers()
        with contextlib.suppress(OSError):
            while not self.server.box.let_go.wait(0.2):
                if how == "drip":
                    self.wfile.write(b" ")

    def refusal(self, refused):
        shape = json.loads(stone.json_encode(ROUTES[self.path].error_type, refused.error))
        return Answer(refused.status, {"error_summary": "tag/...", "error": shape},
                      "application/json")

    def argument(self, headers, data):
        """The call's argument, as the SDK takes it; what it does not take is a 400 in its words."""
        if self.path == "/oauth2/token":
            return dict(urllib.parse.parse_qsl(data.decode()))
        route = ROUTES.get(self.path)
        if not route:
            raise Answer(404, b"no such route")
        self.server.box.check_token(headers)
        is_upload = route.attrs["style"] == "upload"
        kind = headers.get("content-type")
        if kind != ("application/octet-stream" if is_upload else "application/json"):
            raise Answer(400, f"Bad HTTP \"Content-Type\" header: {kind}".encode())
        raw = headers.get("dropbox-api-arg", "") if is_upload else data.decode()
        if not raw.isascii() and is_upload or "\x7f" in raw:
            raise Answer(400, b"Dropbox-API-Arg: not safe in a header")
        if is_upload and len(data) > REQUEST_MAX:
            raise Answer(413, b"too large")
        try:
            return stone.json_decode(route.arg_type, raw, strict=True)
        except ValidationError as e:
            raise Answer(400, f"Error in call to API function: {e}".encode()) from None

    def perform(self, arg, headers, data):
        with self.server.box.lock:
            if self.path == "/oauth2/token":
                return json.dumps(self.server.box.token(arg)).encode()
            return self.server.box.answer(self.path, arg, headers, data)
