/// The command line, parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cordyna::cli {

enum class Verb : std::uint8_t {
  kRun,
  kValidate,
  kShow,
  kRuns,
  kLogs,
  kWhy,
  kPools,
  kPlaces,
  kCancel,
  kApprove,
  kReject,
  kGuard,
  kResume,
  kRerun,
  kBackfill,
  kCache,
  kPrune,
  kSecret,
  kSchema,
  kTypes,
  kTest,
  kContractImport,
  kContractExport,
  kSchedule,
  kTicks,
  kUp,
  kApply,
  kPlan,
  kFlows,
  kNotices,
  kAudit,
  kEvents,
  kTriggers,
  kInputs,
  kAlerts,
  kTeams,
  kGit,
  kInput,
  kServers,
  kTrace,
  kConformance,
  kRedis,
  kImpact,
  kDatasets,
  kConfig,
  kBackup,
  kRestore,
  kDoctor,
  kLogin,
  kLogout,
  kContext,
  kUser,
  kToken,
  kVersion,
  kCompletion,
};

enum class Follow : std::uint8_t { kAuto, kPlain, kPretty, kJson };

/// What was given; what a verb does not know stays empty.
/// How `dyna up` is reached.
struct ServeOptions {
  std::string config;                                        ///< --config: a cordyna.yaml
  std::vector<std::pair<std::string, std::string>> options;  ///< setting → value
  std::vector<std::string> settings;                         ///< --set NAME=VALUE
};

/// Of login, context, user and token.
struct ServerOptions {
  std::string address;     ///< of login
  std::string name;        ///< of a context, a user or a token
  std::string user;        ///< of login: by password
  std::string token_file;  ///< of login
  std::string ca;          ///< of login
  bool insecure_plaintext = false;
  std::vector<std::string> grants{};  ///< ROLE@NAMESPACE
  std::string expires_at;             ///< of token create; of login: of the token that it makes
  std::string password_file;          ///< of user add and set; "-": standard input or a prompt
  bool disable = false;
  bool enable = false;
  bool service = false;
  std::string team;  ///< of token create: of task servers; of notices: whom they are for
};

/// Of impact, datasets and test --downstream.
struct MeshOptions {
  std::vector<std::string> networks;  ///< folders with flows of others
  std::string base;                   ///< a folder: how the flows of the path are now
  std::vector<std::string> tasks;     ///< files: what task servers would declare
  bool markdown = false;
  bool downstream = false;
};

/// Of redis acl.
struct RedisOptions {
  bool cerebro = false;  ///< the account is that of cerebro
  bool apply = false;    ///< at the Redis of cordyna.yaml
};

/// Of conformance.
struct ConformanceOptions {
  std::string command;       ///< starts the task server
  std::optional<int> level;  ///< empty: what it says
  int jobs = 0;              ///< 0: as usual
  bool trace = false;
  std::string redis;  ///< streams of this Redis instead of WebSockets; empty: those
};

struct Arguments {
  Verb verb = Verb::kVersion;
  std::vector<std::string> files;
  std::vector<std::pair<std::string, std::string>> inputs;
  std::vector<std::string> input_files;  ///< --inputs: what `inputs` gives goes before them
  std::string run;                       ///< a run as find_run takes it
  std::string task;
  std::string state;  ///< --state
  std::string shell;  ///< bash, zsh or fish
  std::string flow_id;
  std::string run_state;    ///< of runs; empty: any
  std::int64_t before = 0;  ///< of runs: numbers below; 0: from the newest
  std::string note;         ///< of approve and reject; of flows disable: the reason; of git push
  std::string action;       ///< of guard: show, accept, backtest; of secret: set, list, remove; of
                            ///< cache: list, clear; of backfill: list, show, pause, resume, cancel;
                            ///< empty: begin one; of flows: show, diff, disable, enable, remove;
                            ///< empty: list; of context: list, use, show, remove; of user, token
  std::string secret;       ///< the name of one
  std::string series;
  std::string metric;
  double drop = 0;  ///< of a backtest, in percent; 0: as usual
  std::size_t skip = 0;
  std::vector<double> losses;
  std::string cron;                ///< of schedule: an expression, or the file of a flow
  std::vector<std::string> zones;  ///< of schedule; empty: UTC
  std::string from;                ///< of schedule: a time, empty: now; of rerun: a task
  bool skip_gap = false;           ///< of schedule
  bool both_overlaps = false;      ///< of schedule
  std::string out;                 ///< -o
  std::uint32_t slots = 0;         ///< 0: one per core
  std::uint32_t limit = 20;
  std::uint32_t attempt = 0;  ///< 0: the newest
  Follow follow = Follow::kAuto;
  std::string to;             ///< of backfill
  std::string every;          ///< of backfill
  std::string trigger;        ///< of backfill, events and triggers
  std::string trigger_type;   ///< of triggers; empty: any
  std::string channel;        ///< of alerts: to be tried out; empty: none
  std::string acknowledged;   ///< of alerts: the id of one; empty: none
  std::int64_t backfill = 0;  ///< number of one
  std::int64_t event = 0;     ///< number of one; 0: none given
  std::uint32_t parallel = 1;
  bool only_missing = false;
  bool newest_first = false;
  bool dry_run = false;
  bool no_cache = false;  ///< of run and rerun
  bool failed = false;
  bool latest = false;  ///< of rerun: the flow's version of now
  bool json = false;
  bool sql = false;
  bool strict = false;
  bool follow_logs = false;
  bool unfinished = false;
  bool states = false;
  bool reference = false;
  bool install = false;
  bool api = false;               ///< of schema: of the server's API
  bool protocol = false;          ///< of schema: of task servers
  bool asyncapi = false;          ///< of schema: the AsyncAPI document of that
  bool tests = false;             ///< of schema: files of tests
  bool teams = false;             ///< of schema: teams.yaml
  bool git = false;               ///< of schema: git.yaml
  bool discard = false;           ///< of git sync
  std::vector<std::string> only;  ///< of test: patterns of their names; of conformance; empty: all
  std::string junit;              ///< of test: a file for JUnit XML
  bool list = false;              ///< of test and conformance
  bool coverage = false;          ///< of test
  bool prune = false;             ///< of apply, plan and up
  bool watch = false;             ///< of up and of lists
  ServeOptions serve;             ///< of up
  std::optional<std::string> server;  ///< --server; empty: without a value
  ConformanceOptions conformance;
  RedisOptions redis;
  MeshOptions mesh;
  ServerOptions at;               ///< of login, context, user, token
  bool exit_code = false;         ///< of plan and impact
  bool names = false;             ///< of flows: for completion
  std::optional<std::string> ns;  ///< of flows and triggers: only this namespace
  std::int64_t version = 0;       ///< of flows show; 0: the current one
  std::int64_t from_version = 0;  ///< of flows diff; 0: the one before
  std::int64_t to_version = 0;    ///< of flows diff; 0: the current one
};

/// There is nothing to do but to print: help, or what is wrong.
struct Usage {
  std::string text;
  bool is_error = false;
};

[[nodiscard]] std::variant<Arguments, Usage> parse_arguments(int argc, const char* const* argv);

/// A script for the shell (bash, zsh or fish) that completes commands, options and files.
[[nodiscard]] std::string completion_script(const std::string& shell);

}  // namespace cordyna::cli
