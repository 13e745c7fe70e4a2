/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c: the two tables that the program is: its commands, and the options that they take. */
#include <string.h>
#include "cli.h"

/* Those that take options of their own. */
#define BIT(nth) (UINT64_C(1) << (nth))
#define SUBMIT BIT(0)
#define LIST BIT(1)
#define SHOW BIT(2)
#define DOWNLOAD BIT(3)
#define STATS BIT(4)
#define PIPELINES_ADD BIT(5)
#define PIPELINES_TEST BIT(6)
#define TARGETS_ADD BIT(7)
#define TARGETS_REMOVE BIT(8)
#define DELIVERIES BIT(9)
#define REPLAY BIT(10)
#define SKIP BIT(11)
#define KEYS_ADD BIT(12)
#define KEYS_ROTATE BIT(13)
#define AUDIT BIT(14)
#define GET BIT(15)
#define DLQ BIT(16)
#define DLQ_SHOW BIT(17)
#define DLQ_REPLAY BIT(18)
#define DLQ_DISCARD BIT(19)
#define SETTLE (DLQ_REPLAY | DLQ_DISCARD)
#define LETTERS (DLQ | SETTLE)
#define FILTERED (DELIVERIES | REPLAY | SKIP)
#define BATCHES (LIST | STATS)
#define ANY UINT64_MAX

const struct command commands[] = {
	{ "submit", "DIR|FILE...", 1, 0, run_submit, "submits pictures as one batch",
	    "Each FILE, and each file of a DIR, becomes one job of a new batch. Hidden files and\n"
	    "those of other folders within DIR are left out. Every file is opened before the first\n"
	    "byte is sent; the pictures go first, the batch last, so it is there whole or not at all.\n",
	    "batchline submit photos --pipeline web --watch\n"
	    "batchline submit *.jpg -p 2 --description \"Autumn, first half\"\n"
	    "batchline submit photos -p 1 --idempotency-key order-4711   # twice is once\n", SUBMIT },
	{ "list", "", 0, 0, run_list, "lists batches, newest first",
	    "STATUS is one or more of queued, processing, paused, completed, partial, failed and\n"
	    "cancelled, joined by commas. DAY is YYYY-MM-DD.\n",
	    "batchline list --status failed,partial --from 2025-11-01\n"
	    "batchline list --customer PL_DXB --sort total_size --limit 10\n"
	    "batchline list -q autumn --json\n", LIST },
	{ "show", "BATCH", 1, 1, run_show, "shows one batch and its jobs",
	    "With --status the jobs in one state alone: queued, dispatched, processing, retry_wait,\n"
	    "completed, failed or cancelled.\n",
	    "batchline show PL_DXB_2025-11-05_batch-1\n"
	    "batchline show PL_DXB_2025-11-05_batch-1 --status failed\n", SHOW },
	{ "watch", "BATCH", 1, 1, run_watch, "follows a batch until it is finished",
	    "Tells of every job that fails. Ends with 3 when the batch ended failed, partial or\n"
	    "cancelled.\n",
	    "batchline watch PL_DXB_2025-11-05_batch-1 && echo all rendered\n", 0 },
	{ "download", "BATCH", 1, 1, run_download, "fetches the ZIP of a finished batch",
	    "It grows as FILE.part and gets its name when its length and its SHA-256 are right. What\n"
	    "is there already, of an earlier try, is not fetched again. A FILE called - is standard output.\n",
	    "batchline download PL_DXB_2025-11-05_batch-1 --output autumn.zip\n"
	    "batchline download PL_DXB_2025-11-05_batch-1 --output - | bsdtar -xf -\n"
	    "batchline download PL_DXB_2025-11-05_batch-1 --sheet\n", DOWNLOAD },
	{ "delete", "BATCH", 1, 1, run_delete, "removes a batch with its jobs and files",
	    "In any state; what is still open of it is cancelled. There is no way back.\n",
	    "batchline delete PL_DXB_2025-11-05_batch-1\n", 0 },
	{ "stats", "", 0, 0, run_stats, "counts batches, jobs and customers",
	    "Of what the list shows with the same options, and what was done in each of the last 24 hours,\n"
	    "in UTC; of those only --customer shows a part.\n",
	    "batchline stats\n"
	    "batchline stats --customer PL_DXB --from 2025-11-01\n", STATS },
	{ "cancel", "BATCH", 1, 1, run_order, "stops a batch: what is not rendered will not be", "",
	    "batchline cancel PL_DXB_2025-11-05_batch-1\n", 0 },
	{ "retry", "BATCH|JOB", 1, 1, run_order, "tries the failed and cancelled jobs again",
	    "Of a finished batch, or one of them. Jobs that were rendered stay as they are.\n",
	    "batchline retry PL_DXB_2025-11-05_batch-1\n"
	    "batchline retry 01a20b29-dad7-8ef4-8fc3-b71786311ea8   # a job\n", 0 },
	{ "pause", "BATCH", 1, 1, run_order, "begins no more jobs of a batch", "",
	    "batchline pause PL_DXB_2025-11-05_batch-1\n", 0 },
	{ "resume", "BATCH", 1, 1, run_order, "goes on with a paused batch", "",
	    "batchline resume PL_DXB_2025-11-05_batch-1\n", 0 },
	{ "priority", "BATCH N", 2, 2, run_priority, "serves a batch earlier or later",
	    "N is 0 to 9, and 9 is served first. What is not handed out yet follows it.\n",
	    "batchline priority PL_DXB_2025-11-05_batch-1 8\n", 0 },
	{ "parked", "", 0, 0, run_parked, "lists what the line could not publish, and why",
	    "Kafka never takes these, so they stand aside; docs/operate.md tells what to do.\n",
	    "batchline parked\n", 0 },
	{ "pipelines", "", 0, 0, run_pipelines, "lists and makes what can be done with a picture", "",
	    "batchline pipelines\n"
	    "batchline pipelines show web\n", 0 },
	{ "pipelines add", "NAME FILE", 2, 2, run_pipeline_add, "makes one, or a new version of one",
	    "FILE holds its definition, a JSON object; batchline-renderer(1) tells how it is written. A\n"
	    "name may have versions, each with a number of its own: what is queued keeps its own, and\n"
	    "the name means the newest that is enabled. The same again is the one that is there.\n",
	    "batchline pipelines add shop shop.json --check\n"
	    "batchline pipelines add shop shop.json\n", PIPELINES_ADD },
	{ "pipelines test", "FILE PICTURE...", 2, OPERANDS_MAX, run_pipeline_test,
	    "tries a definition on pictures, on this machine",
	    "Renders each PICTURE as the definition in FILE says, by the batchline-renderer of this\n"
	    "machine, under the limits of its environment; no gateway is asked. Ends with 3 when a\n"
	    "picture could not be rendered.\n",
	    "batchline pipelines test shop.json photos/*.jpg --output tried\n"
	    "batchline pipelines test mark.json a.jpg --asset mark.png\n", PIPELINES_TEST },
	{ "pipelines show", "NAME|N", 1, 1, run_pipeline_show, "shows one with its definition", "",
	    "batchline pipelines show web\n", 0 },
	{ "pipelines disable", "NAME|N", 1, 1, run_pipeline_turn, "takes no new batches for one",
	    "What is queued goes on. An older version that is enabled is what the name means then.\n",
	    "batchline pipelines disable shop\n", 0 },
	{ "pipelines enable", "NAME|N", 1, 1, run_pipeline_turn, "takes batches for it again", "",
	    "batchline pipelines enable shop\n", 0 },
	{ "targets", "", 0, 0, run_targets, "lists, makes and steers the places where batches go",
	    "A target takes finished batches: a webhook, a folder of Dropbox, a board of Monday.\n",
	    "batchline targets\n"
	    "batchline targets show crm\n", 0 },
	{ "targets add", "SERVICE NAME", 2, 2, run_target_add, "delivers to another place",
	    "SERVICE is webhook, dropbox or monday; docs/integrations.md tells their settings. A secret\n"
	    "is never one of them: they name a file in the service's folder BATCHLINE_SECRETS. What was\n"
	    "finished before is not delivered. In --setting true and false are what they say, all else is\n"
	    "text; settings within settings come by --settings.\n",
	    "batchline targets add webhook crm --setting url=https://crm.example.org/in --setting secret=crm\n"
	    "batchline targets add monday board --settings board.json --customer PL,DE --state completed\n", TARGETS_ADD },
	{ "targets show", "NAME", 1, 1, run_target_show, "shows one target", "",
	    "batchline targets show crm\n", 0 },
	{ "targets pause", "NAME", 1, 1, run_target_turn, "delivers no more to it: what comes up waits", "",
	    "batchline targets pause crm\n", 0 },
	{ "targets remove", "NAME", 1, 1, run_target_remove, "removes a target and its ledger",
	    "What was delivered there is not known any more, and what waits is not delivered. Asks before,\n"
	    "on a terminal; elsewhere it wants --yes.\n",
	    "batchline targets remove crm --yes\n", TARGETS_REMOVE },
	{ "targets resume", "NAME", 1, 1, run_target_turn, "goes on, also after it needed attention", "",
	    "batchline targets resume crm\n", 0 },
	{ "targets test", "NAME", 1, 1, run_target_test, "asks its service whether it could deliver there",
	    "It changes as little as it can. Ends with 1 when it could not.\n",
	    "batchline targets test crm\n", 0 },
	{ "deliveries", "", 0, 0, run_deliveries, "lists what became of deliveries, newest first",
	    "One delivery is one state of one run of a batch at one target.\n",
	    "batchline deliveries --target crm --phase failed\n"
	    "batchline deliveries --batch PL_DXB_2025-11-05_batch-1\n", DELIVERIES },
	{ "deliveries show", "ID|BATCH", 1, 1, run_deliveries_show, "explains one, or all of a batch", "",
	    "batchline deliveries show PL_DXB_2025-11-05_batch-1\n", 0 },
	{ "deliveries replay", "[ID...]", 0, OPERANDS_MAX, run_deliveries_order, "sends them again",
	    "Those of these ids, or those that the filters show: what failed, unless --phase says\n"
	    "otherwise. What the other side has it finds there, and passes over. Not while a call is\n"
	    "under way, nor when the batch was deleted or has gone on to another state.\n",
	    "batchline deliveries replay --target crm --preview\n"
	    "batchline deliveries replay --target crm\n", REPLAY },
	{ "deliveries skip", "[ID...]", 0, OPERANDS_MAX, run_deliveries_order, "lets them be",
	    "Those of these ids, or those that the filters show, when they wait or have failed.\n",
	    "batchline deliveries skip --batch PL_DXB_2025-11-05_batch-1 --target crm\n", SKIP },
	{ "keys", "", 0, 0, run_keys, "lists, makes and ends the keys of who may ask",
	    "With the first key the gateway answers nobody without one, this machine neither.\n",
	    "batchline keys\n"
	    "batchline keys show studio\n", 0 },
	{ "keys add", "NAME", 1, 1, run_key_add, "makes one; it is shown this once",
	    "Who uses it is called NAME in batches and in the audit; a name is given once for ever. SCOPE\n"
	    "is one or more of read, submit and operate, joined by commas; operate is cancel, pause,\n"
	    "resume, priority, retry, delete, targets, deliveries, pipelines and keys. The first key has operate.\n",
	    "batchline keys add admin --scope read,submit,operate\n"
	    "batchline keys add studio --scope read,submit --customer PL_DXB,DE --expires 2027-01-01\n", KEYS_ADD },
	{ "keys show", "NAME", 1, 1, run_key_show, "shows one, but not the key itself", "",
	    "batchline keys show studio\n", 0 },
	{ "keys revoke", "NAME", 1, 1, run_key_revoke, "ends one for good, at once", "",
	    "batchline keys revoke studio\n", 0 },
	{ "keys rotate", "NAME", 1, 1, run_key_rotate, "changes one for another of the same name",
	    "The old one is none at once, or so many seconds later. The new one is shown this once.\n",
	    "batchline keys rotate studio\n"
	    "batchline keys rotate studio --grace 86400   # a day to give the new one to who has it\n", KEYS_ROTATE },
	{ "audit", "", 0, 0, run_audit, "lists who did what, and from where, newest first",
	    "Every submission and every order is an act; ACT is as the list shows it: submit, cancel,\n"
	    "delete, target_add, key_revoke and so on. OBJECT is the name or id of what it was done to.\n",
	    "batchline audit --actor studio --from 2026-11-01\n"
	    "batchline audit --batch PL_DXB_2025-11-05_batch-1\n", AUDIT },
	{ "history", "BATCH", 1, 1, run_history, "tells what happened to a batch, and by whom",
	    "Its states, the orders that people gave, what was delivered; the oldest first.\n",
	    "batchline history PL_DXB_2025-11-05_batch-1\n", 0 },
	{ "get", "JOB [VIEW]", 1, 2, run_get, "fetches one rendered picture",
	    "JOB is the id of a job, which `show --json` tells; without VIEW it is the first one's picture.\n"
	    "It is fetched as a ZIP is by `download`.\n",
	    "batchline get 01a20b29-dad7-8ef4-8fc3-b71786311ea8 hero --output hero.jpg\n", GET },
	{ "completion", "bash|zsh", 1, 1, run_completion, "writes a shell's completion of all this",
	    "A line in the shell's start file that reads it is all it takes.\n",
	    "source <(batchline completion bash)   # in ~/.bashrc\n"
	    "source <(batchline completion zsh)    # in ~/.zshrc\n", 0 },
	{ "dlq", "", 0, 0, run_dlq, "lists and steers dead letters: records that a service gave up on",
	    "The open ones, the newest first, with why. One look reads at most 10,000 of them and says when it has not\n"
	    "seen all. --from is of when they died.\n",
	    "batchline dlq\n"
	    "batchline dlq list --topic submissions --from 2026-11-01\n"
	    "batchline dlq list --by code\n", DLQ },
	{ "dlq show", "LETTER", 1, 1, run_dlq_show, "shows one with its headers and what it holds",
	    "The value by its schema, or the head of its bytes where it follows none. --raw writes the\n"
	    "bytes as they came into a FILE that is not there yet, or to standard output (-).\n",
	    "batchline dlq show submissions-2-17\n"
	    "batchline dlq show submissions-2-17 --raw --output letter.bin\n", DLQ_SHOW },
	{ "dlq replay", "[LETTER...]", 0, OPERANDS_MAX, run_dlq_settle, "puts them back where they came from",
	    "These letters, or the open ones that the options mean, with their key, bytes and headers, to the\n"
	    "topic and partition that they died on, once the cause is mended: TEXT says how, and stays with\n"
	    "the record and in the audit. One that was put back already is left alone unless --again. Asks\n"
	    "before more than one, on a terminal; elsewhere it wants --yes.\n",
	    "batchline dlq replay submissions-2-17 --reason \"pipeline 7 is there now\"\n"
	    "batchline dlq replay --code unknown_schema --reason \"projector 0.2 reads them\" --preview\n", DLQ_REPLAY },
	{ "dlq discard", "[LETTER...]", 0, OPERANDS_MAX, run_dlq_settle, "lets them be: they are open no more",
	    "These letters, or the open ones that the options mean. They stay where they are, and --all\n"
	    "shows them.\n",
	    "batchline dlq discard --code not_framed --reason \"a test of the sender's\" --yes\n", DLQ_DISCARD },
	{ "doctor", "", 0, 0, run_doctor, "tells what is not well, and what to do",
	    "A line for each check: ok, warn or bad. What the gateway or the key does not tell is no check.\n"
	    "Ends with 0 when all are ok, with 3 when one is not, with 5 when the gateway does not answer.\n",
	    "batchline doctor\n"
	    "batchline doctor --json\n", 0 },
	{ "help", "[COMMAND]", 0, 2, run_help, "explains a command", "",
	    "batchline help submit\n", 0 },
	{ 0 },
};

#define BIG INT64_C(2147483647)

const struct arg_row arg_rows[ARGS] = {
	[ARG_PIPELINE] = { "pipeline", 'p', "N", false, 0, 0, SUBMIT,
	    "what is done with each picture: a number or a name of `batchline pipelines`" },
	[ARG_DESCRIPTION] = { "description", 'd', "TEXT", false, 0, 0, SUBMIT,
	    "a sentence about the batch" },
	[ARG_PREFIX] = { "prefix", 0, "PREFIX", false, 0, 0, SUBMIT,
	    "the customer, as PL_DXB; otherwise taken from the first file's name" },
	[ARG_PRIORITY] = { "priority", 0, "N", true, 0, 9, SUBMIT,
	    "0 to 9, 9 goes first; 5 unless said" },
	[ARG_FAILURES_TOLERATED] = { "failures-tolerated", 0, "N", true, 0, BIG, SUBMIT,
	    "more failed jobs than this make the whole batch failed; any number unless said" },
	[ARG_IDEMPOTENCY_KEY] = { "idempotency-key", 0, "KEY", false, 0, 0, SUBMIT,
	    "the same key again is the same batch; a random one unless said" },
	[ARG_RECURSIVE] = { "recursive", 'r', NULL, false, 0, 0, SUBMIT,
	    "files of the folders within DIR, too" },
	[ARG_WATCH] = { "watch", 'w', NULL, false, 0, 0, SUBMIT,
	    "then follow the batch until it is finished" },
	[ARG_STATUS] = { "status", 's', "STATUS", false, 0, 0, BATCHES | SHOW, "only these" },
	[ARG_CUSTOMER] = { "customer", 'c', "PREFIX", false, 0, 0, BATCHES | TARGETS_ADD | KEYS_ADD | FILTERED,
	    "only of this customer", TARGETS_ADD | KEYS_ADD },
	[ARG_FROM] = { "from", 0, "DAY", false, 0, 0, BATCHES | AUDIT | LETTERS, "of this day and later ones" },
	[ARG_TO] = { "to", 0, "DAY", false, 0, 0, BATCHES | AUDIT, "of this day and earlier ones" },
	[ARG_NAME] = { "name", 0, "NAME", false, 0, 0, BATCHES, "the batch of exactly this name" },
	[ARG_WORDS] = { "query", 'q', "TEXT", false, 0, 0, BATCHES,
	    "found in the name, the description or a file's name" },
	[ARG_SORT] = { "sort", 0, "FIELD", false, 0, 0, LIST,
	    "created_at, updated_at, completed_at, total_files, total_size, status, "
	    "customer_prefix or base_directory_name" },
	[ARG_ORDER] = { "order", 0, "asc|desc", false, 0, 0, LIST, "desc unless said" },
	[ARG_LIMIT] = { "limit", 'n', "N", true, 1, 500, LIST | DELIVERIES | AUDIT | DLQ, "rows, 1 to 500; 50 unless said" },
	[ARG_OFFSET] = { "offset", 0, "N", true, 0, BIG, LIST | DELIVERIES, "leave out the first N" },
	[ARG_CURSOR] = { "cursor", 0, "CURSOR", false, 0, 0, LIST | DLQ,
	    "go on where the page ended whose --json said this next_cursor" },
	[ARG_OUTPUT] = { "output", 'o', "FILE", false, 0, 0, DOWNLOAD | GET | PIPELINES_TEST | DLQ_SHOW,
	    "where to; the batch's name with .zip, or the picture's, unless said. Of a test: a folder; tried unless said. "
	    "Of a dead letter: standard output unless said" },
	[ARG_SHEET] = { "sheet", 0, NULL, false, 0, 0, DOWNLOAD,
	    "the contact sheet instead, all pictures small on one" },
	[ARG_ASSET] = { "asset", 0, "FILE", false, 0, 0, PIPELINES_TEST,
	    "a picture that the definition names by its SHA-256; as often as it names some",
	    PIPELINES_TEST },
	[ARG_SETTING] = { "setting", 0, "KEY=VALUE", false, 0, 0, TARGETS_ADD,
	    "a setting of the target; as often as it has settings", TARGETS_ADD },
	[ARG_SETTINGS] = { "settings", 0, "FILE", false, 0, 0, TARGETS_ADD,
	    "all settings, a JSON object in a file" },
	[ARG_STATE] = { "state", 0, "STATE", false, 0, 0, TARGETS_ADD | FILTERED,
	    "only this state of a batch: queued, processing, completed, partial, failed, cancelled or deleted", TARGETS_ADD },
	[ARG_TARGET] = { "target", 't', "NAME", false, 0, 0, FILTERED, "only to this target" },
	[ARG_SERVICE] = { "service", 0, "SERVICE", false, 0, 0, FILTERED,
	    "only of webhook, dropbox or monday" },
	[ARG_PHASE] = { "phase", 0, "PHASE", false, 0, 0, FILTERED,
	    "only these: intent (it waits), called (under way), done, failed, passed" },
	[ARG_BATCH] = { "batch", 'b', "BATCH", false, 0, 0, FILTERED | AUDIT | LETTERS, "only of this batch" },
	[ARG_PREVIEW] = { "preview", 0, NULL, false, 0, 0, REPLAY | SKIP | SETTLE,
	    "only tell which it would be" },
	[ARG_CHECK] = { "check", 0, NULL, false, 0, 0, PIPELINES_ADD,
	    "only tell whether it could be rendered so" },
	[ARG_SCOPE] = { "scope", 0, "SCOPE", false, 0, 0, KEYS_ADD,
	    "what it may do: read, submit, operate; read unless said", KEYS_ADD },
	[ARG_EXPIRES] = { "expires", 0, "DAY|TIME", false, 0, 0, KEYS_ADD,
	    "when it is over, in UTC: 2027-01-01 or 2027-01-01T12:00:00Z; never unless said" },
	[ARG_GRACE] = { "grace", 0, "SECONDS", true, 0, 2592000, KEYS_ROTATE,
	    "so long the old one goes on beside it; none unless said" },
	[ARG_ACTOR] = { "actor", 0, "NAME", false, 0, 0, AUDIT,
	    "only by this key; gateway without keys" },
	[ARG_ACTION] = { "action", 0, "ACT", false, 0, 0, AUDIT, "only these acts" },
	[ARG_OBJECT] = { "object", 0, "OBJECT", false, 0, 0, AUDIT, "only what was done to this" },
	[ARG_TOPIC] = { "topic", 0, "TOPIC", false, 0, 0, LETTERS,
	    "only those that died on submissions, events, jobs or batches" },
	[ARG_CODE] = { "code", 0, "CODE", false, 0, 0, LETTERS, "only those that died for this" },
	[ARG_BY] = { "by", 0, "code", false, 0, 0, DLQ, "count them by topic and code instead" },
	[ARG_RAW] = { "raw", 0, NULL, false, 0, 0, DLQ_SHOW, "only the bytes, as they came" },
	[ARG_ALL] = { "all", 'a', NULL, false, 0, 0, DLQ, "with those that were put back, or let be" },
	[ARG_REASON] = { "reason", 0, "TEXT", false, 0, 0, SETTLE, "what was mended, or why they may be let be" },
	[ARG_AGAIN] = { "again", 0, NULL, false, 0, 0, SETTLE, "those, too, that somebody dealt with" },
	[ARG_RATE] = { "rate", 0, "N", true, 1, 10000, SETTLE, "at most so many a second; 50 unless said" },
	[ARG_YES] = { "yes", 'y', NULL, false, 0, 0, TARGETS_REMOVE | SETTLE, "do not ask" },
	[ARG_URL] = { "url", 0, "URL", false, 0, 0, ANY,
	    "the gateway; BATCHLINE_URL or http://127.0.0.1:8080 unless said" },
	[ARG_JSON] = { "json", 0, NULL, false, 0, 0, ANY,
	    "one JSON value for programs, nothing else" },
	[ARG_HELP] = { "help", 'h', NULL, false, 0, 0, ANY, "explain" },
	[ARG_VERSION] = { "version", 'V', NULL, false, 0, 0, ANY, "tell the version" },
};

const struct command *
command_named(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

const struct command *
command_of(char *const *words, size_t n, size_t *taken)
{
	const struct command *first = n > 0 ? command_named(words[0]) : NULL;
	size_t size = first ? strlen(first->name) : 0;

	*taken = 1;
	if (n < 2 || !first)
		return first;
	*taken = 2;
	for (const struct command *c = first + 1; c->name && !strncmp(c->name, first->name, size); c++) {
		if (c->name[size] == ' ' && !strcmp(c->name + size + 1, words[1]))
			return c;
		if (c->name[size] == ' ' && !strcmp("list", words[1]))
			return first;
	}
	*taken = 1;
	return first;
}

const struct command *
command_taken(struct args *args)
{
	size_t taken;
	const struct command *command = command_of(args->operands, args->n_operands, &taken);

	args->operands += command ? taken - 1 : 0;
	args->n_operands -= command ? taken - 1 : 0;
	return command;
}

/* Of an option that may be given again, by some commands. */
static bool
is_alone(const struct args *args, enum arg arg)
{
	size_t n = 0;

	for (size_t i = 0; i < args->n_values; i++)
		n += args->values[i].arg == arg;
	return n <= 1;
}

bool
command_takes(const struct command *command, const struct arg_row *row)
{
	return row->commands == ANY || (row->commands & command->bit);
}

bool
command_fits(const struct command *command, const struct args *args, struct err *err)
{
	size_t n = args->n_operands - 1;

	for (size_t i = 0; i < ARGS; i++) {
		if (args->texts[i] && !command_takes(command, &arg_rows[i]))
			return err_code(err, ERR_FATAL, "usage", "%s takes no --%s", command->name,
			    arg_rows[i].name);
		if (!(arg_rows[i].repeats & command->bit) && !is_alone(args, (enum arg)i))
			return err_code(err, ERR_FATAL, "usage", "--%s is given twice", arg_rows[i].name);
	}
	if (n < command->least)
		return err_code(err, ERR_FATAL, "usage", "%s: which %s?", command->name,
		    command->operands);
	if (n > command->most && !(command->least && !command->most))
		return err_code(err, ERR_FATAL, "usage", "%s takes %s, and \"%s\" is too much",
		    command->name, command->most ? command->operands : "no operand",
		    args->operands[1 + command->most]);
	return true;
}
