# SPDX-License-Identifier: Apache-2.0
"""Monday for the tests: a server on loopback that runs what comes against the vendor's own types
(tests/peers/monday.graphql, by graphql-core), so that a query they would refuse is refused here.

What types do not say is written by hand, after the vendor's pages: what a column takes, the key
column's look-up, idempotency for half an hour, complexity, files as multipart, errors with HTTP 200.
Where those pages leave it open the mock takes the harder of the two: an answer that is an error is
replayed too, a key that comes again with another body is a conflict, a missing API-Version is no.
"""
import contextlib
import json
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

from graphql import GraphQLError, build_schema, execute_sync, parse, validate
from werkzeug.formparser import parse_form_data

SCHEMA = build_schema((Path(__file__).parents[1] / "peers" / "monday.graphql").read_text())
VERSION = "2026-10"
COSTS = {"create_item": 10_000, "change_multiple_column_values": 10_000,
         "add_file_to_column": 10_000, "items_page_by_column_values": 1_000, "boards": 500}


class Trouble(GraphQLError):
    """An error as Monday tells it."""

    def __init__(self, code, message, status=200, **more):
        super().__init__(message, extensions={"code": code, "status_code": status, **more})


def wrong_value(column, message):
    return Trouble("ColumnValueException", message,
                   error_data={"column_id": column.id, "column_type": column.type})


# ---- a board ----

class Column:
    def __init__(self, id, type, labels=()):
        self.id, self.type, self.title, self.archived = id, type, id.title(), False
        self.labels = list(labels)
        self.settings_str = json.dumps({"labels": {str(i): l for i, l in enumerate(self.labels)}}
                                       if type == "status" else {})

    def read(self, value):
        """What a person sees of a value that was sent; Trouble when the column does not take it."""
        if self.type in ("text", "long_text"):
            text = value["text"] if isinstance(value, dict) and set(value) == {"text"} else value
            if not isinstance(text, str) or (self.type == "long_text" and len(text) > 2000):
                raise wrong_value(self, "invalid value, please check our API documentation")
            return text
        if self.type == "numbers" and isinstance(value, str) and re.fullmatch(r"-?\d*\.?\d*", value):
            return value
        if self.type == "status" and isinstance(value, dict) and set(value) == {"label"}:
            if value["label"] in self.labels:
                return value["label"]
            known = ", ".join(f"{i}: {label}" for i, label in enumerate(self.labels))
            raise wrong_value(self, f"The status label '{value['label']}' does not exist, possible"
                                    f" statuses are: {{{known}}}")
        if self.type == "date" and isinstance(value, dict) and re.fullmatch(
                r"\d{4}-\d\d-\d\d", str(value.get("date"))):
            return value["date"]
        if self.type == "link" and isinstance(value, dict) and set(value) == {"url", "text"}:
            return f"{value['text']} - {value['url']}"
        raise wrong_value(self, f"invalid value for a {self.type} column")


class Item:
    def __init__(self, id, board, group, name):
        self.id, self.board, self.group, self.name = id, board, group, name
        self.state, self.values, self.files = "active", {}, {}

    url = property(lambda self: f"https://example.monday.com/boards/{self.board.id}/pulses/{self.id}")

    def column_values(self, info, ids=None, types=None):
        return [{"__typename": "FileValue", "id": column.id, "type": column.type, "column": column,
                 "text": ", ".join(f["name"] for f in self.files.get(column.id, [])),
                 "files": self.files.get(column.id, [])} if column.type == "file" else
                {"__typename": "TextValue", "id": column.id, "type": column.type, "column": column,
                 "text": self.values.get(column.id)}
                for column in self.board.all.values() if ids is None or column.id in ids]


class Board:
    def __init__(self, id, name, groups, columns):
        self.id, self.name, self.items, self.state = id, name, [], "active"
        self.is_slow = False            # a look-up does not show what is there
        self.all_groups = {g: {"id": g, "title": t, "archived": False, "deleted": False}
                           for g, t in groups.items()}
        self.all = {c.id: c for c in columns}
        self.lock, self.at_once, self.most_at_once = threading.Lock(), 0, 0

    def columns(self, info, ids=None, types=None):
        return [c for c in self.all.values() if ids is None or c.id in ids]

    def groups(self, info, ids=None):
        return [g for g in self.all_groups.values() if ids is None or g["id"] in ids]

    def read(self, column_values):
        if not isinstance(column_values, str):
            raise Trouble("InvalidArgumentException", "column_values is not a JSON string")
        values = json.loads(column_values)
        for id in values:
            if id not in self.all:
                raise Trouble("InvalidColumnIdException", "This column ID doesn't exist for the board",
                              error_data={"column_id": id})
        return {id: self.all[id].read(value) for id, value in values.items()}

    @contextlib.contextmanager
    def changing(self):
        """Two changes of one board at once are seen."""
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(0.05)
        try:
            yield
        finally:
            with self.lock:
                self.at_once -= 1


# ---- the fields of Query and Mutation ----

class Root:
    """What one request asks; costs is what it takes of the budget."""

    def __init__(self, monday):
        self.monday, self.before = monday, monday.budget

    def complexity(self, info):
        m = self.monday
        return {"before": self.before, "after": m.budget, "query": self.before - m.budget,
                "reset_in_x_seconds": m.reset_s}

    def boards(self, info, ids=None, **more):
        return [b for b in self.monday.boards.values() if ids is None or b.id in ids]

    def items(self, info, ids=None, exclude_nonactive=False, **more):
        return [i for i in self.monday.items() if i.id in ids and i.state != "deleted"]

    def items_page_by_column_values(self, info, board_id, limit, columns=None, cursor=None):
        board = self.monday.board_of(board_id)
        for asked in columns:
            if asked["column_id"] not in board.all:
                raise Trouble("InvalidColumnIdException", "This column ID doesn't exist for the board",
                              error_data={"column_id": asked["column_id"]})
        found = [i for i in board.items if i.state == "active" and all(
            i.values.get(c["column_id"]) in c["column_values"] for c in columns)]
        return {"cursor": None, "items": [] if board.is_slow else found[:limit]}

    def create_item(self, info, board_id, item_name, group_id=None, column_values="{}",
                    create_labels_if_missing=False):
        board = self.monday.board_of(board_id)
        group = group_id or next(iter(board.all_groups))
        if group not in board.all_groups:
            raise Trouble("ResourceNotFoundException", "Group not found",
                          error_data={"resource_type": "group", "group_id": group})
        if not 0 < len(item_name) <= 255:
            raise Trouble("ItemNameTooLongException", "Item name is too long")
        values = board.read(column_values)
        with board.changing():
            item = Item(self.monday.next_id(), board, board.all_groups[group], item_name)
            item.values = values
            board.items.append(item)
        return item

    def change_multiple_column_values(self, info, board_id, item_id, column_values,
                                      create_labels_if_missing=False):
        board = self.monday.board_of(board_id)
        item = next((i for i in board.items if i.id == item_id and i.state != "deleted"), None)
        if not item:
            raise Trouble("ResourceNotFoundException", "Item not found", error_data={
                "resource_type": "item", "item_id": item_id})
        values = board.read(column_values)
        with board.changing():
            item.values.update(values)
        return item

    def add_file_to_column(self, info, item_id, column_id, file):
        item = next((i for i in self.monday.items() if i.id == item_id and i.state != "deleted"), None)
        if not item:
            raise Trouble("ResourceNotFoundException", "Item not found")
        if item.board.all.get(column_id, Column("", "")).type != "file":
            raise Trouble("InvalidColumnIdException", "This column ID doesn't exist for the board",
                          error_data={"column_id": column_id})
        with item.board.changing():
            id = self.monday.next_id()
            item.files.setdefault(column_id, []).append({
                "__typename": "FileAssetValue", "asset_id": id, "name": file.filename,
                "bytes": file.read()})
        return {"id": id, "name": file.filename}


# ---- the server ----

class Request:
    """One POST, as it came."""

    def __init__(self, headers, path, query, variables, document):
        self.headers, self.path, self.query, self.variables = headers, path, query, variables
        self.at = time.time()
        operation = document.definitions[0]
        self.is_mutation = operation.operation.value == "mutation"
        self.op = next(f.name.value for f in operation.selection_set.selections
                       if f.name.value != "complexity")


class Monday(ThreadingHTTPServer):
    """`requests` is what came. `next(fault, ..)` is what the next ones meet; see Handler.fault."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.token, self.boards, self.requests, self.faults = "tok-" + uuid.uuid4().hex, {}, [], []
        self.lock, self.let_go, self.last_id = threading.Lock(), threading.Event(), 9_000
        self.answered, self.under_way = {}, set()       # by Idempotency-Key
        self.budget, self.reset_s = 10_000_000, 1
        self.url = f"http://127.0.0.1:{self.server_port}/v2"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def next_id(self):
        with self.lock:
            self.last_id += 1
            return str(self.last_id)

    def board(self, name="Renders", groups=None, columns=()):
        board = Board(self.next_id(), name, groups or {"topics": "New"}, columns)
        self.boards[board.id] = board
        return board

    def board_of(self, id):
        if id not in self.boards:
            raise Trouble("InvalidBoardIdException", "The board does not exist")
        return self.boards[id]

    def items(self):
        return [item for board in self.boards.values() for item in board.items]

    def next(self, *faults, op=None, board=None):
        """op, board: only of such an operation, of such a board."""
        self.faults += [(fault, op, board and board.id) for fault in faults]

    def forget(self):
        """Half an hour later."""
        self.answered.clear()

    def forget_of(self, board):
        """For requests about one board."""
        with self.lock:
            self.answered = {key: kept for key, kept in self.answered.items()
                             if f'"{board.id}"' not in kept[0][1]}

    def asked(self, op=None, board=None):
        return [r for r in self.requests if (op is None or r.op == op)
                and (board is None or self.is_about(r, board.id))]

    def is_about(self, request, board):
        named = json.dumps(request.variables, default=str)
        return f'"{board}"' in named or any(f'"{i.id}"' in named for i in self.boards[board].items)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("authorization") != self.server.token:
            return self.say(401, {"errors": ["Not Authenticated"]})
        if headers.get("api-version") != VERSION:
            return self.say(400, {"error_code": "InvalidVersionException", "status_code": 400,
                                  "error_message": f"API-Version is not {VERSION}", "error_data": {}})
        try:
            query, variables = self.read(headers, body)
            document = parse(query)
        except (GraphQLError, ValueError, KeyError, AttributeError) as e:
            return self.say(400, {"errors": [{"message": str(e), "extensions": {
                "code": "JsonParseException", "status_code": 400}}]})
        request = Request(headers, self.path, query, variables, document)
        self.server.requests.append(request)
        return self.meet(request, document)

    def read(self, headers, body):
        """(query, variables); files come as a form, everything else as JSON."""
        if self.path != "/v2/file":
            said = json.loads(body)
            if set(said) - {"query", "variables"} or not isinstance(said["variables"], dict):
                raise ValueError("variables is not an object")
            return said["query"], said["variables"]
        _, form, files = parse_form_data({
            "REQUEST_METHOD": "POST", "CONTENT_TYPE": headers["content-type"],
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)})
        variables = json.loads(form["variables"])
        for part, paths in json.loads(form["map"]).items():
            for path in paths:
                variables[path.removeprefix("variables.")] = files[part]
        return form["query"], variables

    # ---- faults ----

    def fault(self, request):
        with self.server.lock:     # its place is another one when somebody took one before it
            for i, (fault, op, board) in enumerate(self.server.faults):
                if op in (None, request.op) and (not board or self.server.is_about(request, board)):
                    return self.server.faults.pop(i)[0]
        return None

    def meet(self, request, document):
        """(status, headers, JSON): that answer instead. "cut": none. "silent": none, ever. "acted":
        it is done and none comes. "half": done, and half an answer. "hold": done, an answer later."""
        fault = self.fault(request)
        if isinstance(fault, tuple):    # None is no fault: the one after it is for the second one
            return self.say(fault[0], fault[2], fault[1])
        if fault == "silent":
            self.server.let_go.wait(60)
        if fault in ("cut", "silent"):
            return self.cut()
        status, headers, said = self.answer(request, document)
        if fault == "acted":
            return self.cut()
        if fault == "hold":
            self.server.let_go.wait(60)
        return self.say(status, said, headers, half=fault == "half")

    def cut(self):
        self.close_connection = True

    # ---- answers ----

    def answer(self, request, document):
        """(status, headers, JSON), once for each Idempotency-Key."""
        m, key = self.server, request.headers.get("idempotency-key") if request.is_mutation else None
        if not key:
            return self.execute(request, document)
        sent = (request.query, json.dumps(request.variables, default=lambda f: f.filename))
        with m.lock:
            if key in m.under_way:
                return 409, {"Retry-After": "1"}, {"errors": [{"message": "in progress"}]}
            if key in m.answered:
                before, status, headers, said = m.answered[key]
                if before != sent:
                    return 409, {}, {"errors": [{"message": "the key was used with another request",
                                                 "extensions": {"code": "IDEMPOTENCY_CONFLICT"}}]}
                return status, {**headers, "Idempotency-Replayed": "true"}, said
            m.under_way.add(key)
        answer = self.execute(request, document)
        with m.lock:
            m.under_way.discard(key)
            m.answered[key] = (sent, *answer)
        return answer

    def execute(self, request, document):
        errors = validate(SCHEMA, document)
        if errors:
            return 200, {}, {"errors": [{"message": e.message, "extensions": {
                "code": "GRAPHQL_VALIDATION_FAILED", "status_code": 400}} for e in errors]}
        m, root, cost = self.server, Root(self.server), COSTS.get(request.op, 100)
        if m.budget < cost:
            return 429, {"Retry-After": str(m.reset_s)}, {"errors": [{
                "message": f"Complexity budget exhausted, query cost {cost} budget remaining {m.budget}"
                           f" out of 10000000 reset in {m.reset_s} seconds", "extensions": {
                               "code": "COMPLEXITY_BUDGET_EXHAUSTED", "status_code": 429,
                               "retry_in_seconds": m.reset_s}}]}
        m.budget -= cost
        found = execute_sync(SCHEMA, document, root, variable_values=request.variables)
        said = found.formatted | {"account_id": 1}
        status = max([e.extensions.get("status_code", 200) for e in found.errors or []], default=200)
        return status if status >= 429 else 200, {}, said

    def say(self, status, said, headers=None, half=False):
        text = json.dumps(said, default=str).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(text[:len(text) // 2] if half else text)
        if half:
            self.cut()
