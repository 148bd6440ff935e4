// Knows CLI11, which takes its time to compile, as arguments_flows.cpp does and nobody else.
#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "base/nearest.hpp"
#include "cli/arguments_flows.hpp"
#include "cli/arguments_mesh.hpp"
#include "cli/arguments_server.hpp"
#include "cli/completion.hpp"

namespace cordyna::cli {
namespace {

class Parser {
 public:
  Parser() {
    app_.require_subcommand(1);
    app_.set_help_all_flag("--help-all", "Help of all commands");
    app_.add_flag("--version", version_, "Print the version");
    app_.footer(
        "A flow is a YAML file; 'dyna schema --reference' explains its keys.\n"
        "State lies in .cordyna beside the flow; --state DIR or $DYNA_STATE says otherwise.\n"
        "--server, $DYNA_SERVER or 'dyna context use' send commands to a server ('dyna login').");
    add_run();
    add_flow_commands();
    add_test();
    add_run_commands();
    add_rerun();
    add_backfill();
    add_guard();
    add_cache();
    add_secret();
    add_contract();
    add_schedule();
    add_applied_flow_commands(app_, found_);
    add_server_commands(app_, found_);
    add_mesh_commands(app_, found_);
    add_others();
  }

  std::variant<Arguments, Usage> parse(int argc, const char* const* argv);
  CLI::App& app() { return app_; }

 private:
  CLI::App* add(const char* name, const char* help, Verb verb) {
    CLI::App* command = app_.add_subcommand(name, help);
    command->callback([this, verb] { found_.verb = verb; });
    return command;
  }
  void add_json(CLI::App* command) {
    command->add_flag("--json", found_.json, "Print JSON, for programs");
  }
  void add_state(CLI::App* command) {
    command->add_option("--state", found_.state, "The state folder")->type_name("DIR");
    add_server_option(command, found_);
  }
  void add_follow(CLI::App* command) {
    const auto read = [this](const std::string& word) -> std::string {
      static const std::map<std::string, Follow> styles = {
          {"plain", Follow::kPlain}, {"pretty", Follow::kPretty}, {"json", Follow::kJson}};
      const auto style = styles.find(word);
      if (style == styles.end()) return "'" + word + "' is none of plain, pretty, json";
      found_.follow = style->second;
      return {};
    };
    command->add_option("--follow", follow_word_, "How to show what happens")
        ->check(read)
        ->type_name("plain|pretty|json");
    add_json(command);
  }
  void add_slots(CLI::App* command) {
    command->add_option("--slots", found_.slots, "Processes at once (default: one per core)")
        ->check(CLI::Range(1, 10'000))
        ->type_name("N");
  }
  void add_run();
  void add_no_cache(CLI::App* command);
  void add_flow_commands();
  void add_test();
  void add_run_commands();
  void add_rerun();
  void add_backfill();
  void add_guard();
  void add_cache();
  void add_secret();
  void add_schedule();
  void add_others();
  void add_contract();
  std::string split_inputs();
  std::string unknown_command(int argc, const char* const* argv);

  CLI::App app_{"Cordyna runs data pipelines: right, fast, and with an answer to 'why?'.", "dyna"};
  Arguments found_;
  std::string file_;
  std::string follow_word_;
  std::vector<std::string> raw_inputs_;
  bool version_ = false;
};

void Parser::add_run() {
  CLI::App* run = add("run", "Run a flow and follow it to its end", Verb::kRun);
  run->add_option("flow", file_,
                  "The flow's file, or a folder with a flow.yaml; or the name of an applied flow")
      ->required()
      ->type_name("FILE|NAME");
  run->add_option("-i,--input,--with", raw_inputs_,
                  "A value for an input of the flow; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  run->add_option("--inputs", found_.input_files,
                  "A YAML file of values for inputs, from here or from the flow's folder; may be "
                  "repeated, the later one wins, --input before all")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  run->add_flag("--dry-run", found_.dry_run, "Only say what would be begun, in which order");
  add_no_cache(run);
  add_slots(run);
  add_follow(run);
  add_state(run);
}

void Parser::add_no_cache(CLI::App* command) {
  command->add_flag("--no-cache", found_.no_cache,
                    "Do all work, also what a cache has, and keep what comes of it");
}

void Parser::add_flow_commands() {
  CLI::App* validate = add("validate", "Check flows; says all that is wrong", Verb::kValidate);
  validate->add_option("file", found_.files, "The flows")->required()->type_name("FILE…");
  add_json(validate);
  CLI::App* show =
      add("show", "Show a flow's tasks, or what the data steps of a run reported", Verb::kShow);
  show->add_option("file", file_,
                   "The flow's file; or a run: its number, its id or the front of that, or 'last'")
      ->required()
      ->type_name("FILE|RUN");
  show->add_option("task", found_.task, "One task of it")->type_name("TASK");
  show->add_flag("--sql", found_.sql, "The SQL that a data step of the flow runs");
  show->add_option("--attempt", found_.attempt, "An attempt of the run's task (default: the last)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  add_json(show);
  add_state(show);
}

void Parser::add_test() {
  CLI::App* test = add("test", "Run the tests of flows: *.test.yaml", Verb::kTest);
  test->add_option("path", found_.files,
                   "Files of tests, flows, or folders that are gone through (default: here)")
      ->type_name("PATH…");
  test->add_option("--only", found_.only,
                   "Only tests whose name contains this, or fits it where it has a *; may be "
                   "repeated")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  test->add_option("--junit", found_.junit, "Write the results as JUnit XML, too")
      ->type_name("FILE");
  test->add_flag("--coverage", found_.coverage, "Say what of the flows no test reached");
  test->add_flag("--list", found_.list, "Only list the tests");
  add_downstream(test, found_);
  add_json(test);
  test->footer(
      "Flows are run by a virtual clock: a pause of three days takes no time. Tasks with a "
      "fixture\n"
      "are not run; data steps that only read run for real, in a state folder that is removed. No\n"
      "test sees a real secret. 'dyna schema --tests --reference' explains the keys.\n"
      "Exit codes: 0 all passed, 1 one failed, or breaks others (--downstream), 2 a file is "
      "wrong.");
}

void Parser::add_run_commands() {
  const char* const which = "Its number, its id or the front of that, or 'last'";
  CLI::App* runs = add("runs", "List runs, newest first", Verb::kRuns);
  runs->add_option("--flow", found_.flow_id, "Only of this flow")->type_name("ID");
  runs->add_option("--run-state", found_.run_state, "Only those in this state")
      ->check(CLI::IsMember(
          {"pending", "running", "paused", "completed", "warning", "error", "cancelled"}))
      ->type_name("STATE");
  runs->add_option("--backfill", found_.backfill, "Only those of this backfill")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->type_name("N");
  runs->add_flag("--unfinished", found_.unfinished, "Only those that have not ended");
  runs->add_option("--before", found_.before, "Only those with a smaller number: the next page")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->type_name("RUN");
  runs->add_option("-n,--limit", found_.limit, "How many (default: 20)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  CLI::App* logs = add("logs", "Print what the tasks of a run said", Verb::kLogs);
  logs->add_option("run", found_.run, which)->required()->type_name("RUN");
  logs->add_option("task", found_.task, "Only of this task")->type_name("TASK");
  logs->add_flag("-f,--follow", found_.follow_logs, "Go on until the run has ended");
  CLI::App* why = add("why", "Say what a run or a flow waits for", Verb::kWhy);
  why->add_option("run", found_.run,
                  which + std::string("; or a flow: its file, its id or namespace/id"))
      ->required()
      ->type_name("RUN|FLOW");
  why->add_option("task", found_.task, "Only of this task")->type_name("TASK");
  CLI::App* pools = add("pools", "List the project's pools: slots, who waits, rates", Verb::kPools);
  CLI::App* places =
      add("places", "List where attempts run: what each place has, holds and costs", Verb::kPlaces);
  CLI::App* cancel = add("cancel", "End a run and all that it started", Verb::kCancel);
  cancel->add_option("run", found_.run, which)->required()->type_name("RUN");
  CLI::App* resume = add("resume", "Take up runs that were left", Verb::kResume);
  resume->add_option("run", found_.run, which + std::string("; without: all unfinished ones"))
      ->type_name("RUN");
  add_slots(resume);
  CLI::App* approve = add("approve", "Let a run go on that is held", Verb::kApprove);
  CLI::App* reject = add("reject", "Discard what a run is held for", Verb::kReject);
  for (CLI::App* command : {approve, reject}) {
    command->add_option("run", found_.run, which)->required()->type_name("RUN");
    command->add_option("task", found_.task, "The task, where several are held")->type_name("TASK");
    command->add_option("--note", found_.note, "Why; it is kept")->type_name("TEXT");
    add_slots(command);
  }
  approve
      ->add_option("--with,-i,--input", raw_inputs_,
                   "A value for an input that the task asks for; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  for (CLI::App* command : {runs, logs, why, pools, places}) add_json(command);
  for (CLI::App* command : {runs, pools, places}) add_watch_option(command, found_);
  for (CLI::App* command : {cancel, resume, approve, reject}) add_follow(command);
  for (CLI::App* command : {runs, logs, why, pools, places, cancel, resume, approve, reject}) {
    add_state(command);
  }
}

void Parser::add_rerun() {
  CLI::App* rerun =
      add("rerun", "Run a run again that has ended, but for what it completed", Verb::kRerun);
  rerun->add_option("run", found_.run, "Its number, its id or the front of that, or 'last'")
      ->required()
      ->type_name("RUN");
  CLI::Option* from =
      rerun->add_option("--from", found_.from, "This task and all that comes after it run again")
          ->type_name("TASK");
  rerun->add_flag("--failed", found_.failed, "What did not complete runs again: the default")
      ->excludes(from);
  rerun
      ->add_option("--with,-i,--input", raw_inputs_,
                   "Another value for an input: without --from all runs again; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  rerun->add_flag("--latest", found_.latest,
                  "Of the version that is applied now: tasks that are others in it run again, too");
  rerun->add_flag("--dry-run", found_.dry_run, "Only say what would run again");
  add_no_cache(rerun);
  add_slots(rerun);
  add_follow(rerun);
  add_state(rerun);
  rerun->footer(
      "A new run of the same version of the flow, which stands for the same time. Tasks that\n"
      "completed or were skipped are taken over with their outputs; what failed, was blocked or\n"
      "cancelled, or never ran, runs; 'errors' and 'finally' always do. --latest: of a flow that\n"
      "was mended and applied since. 'dyna resume' takes up a run that has not ended.");
}

void Parser::add_backfill() {
  CLI::App* backfill =
      add("backfill", "Run a flow for each time at which it was due in the past", Verb::kBackfill);
  backfill
      ->add_option("flow", file_,
                   "The flow's file, or a folder with a flow.yaml; or the name of an applied flow")
      ->type_name("FILE|NAME");
  backfill->add_option("--from", found_.from, "The first time that counts, as 2026-11-01")
      ->type_name("TIME");
  backfill->add_option("--to", found_.to, "The first time that does not")->type_name("TIME");
  CLI::Option* trigger =
      backfill->add_option("--trigger", found_.trigger, "Whose times; where the flow has several")
          ->type_name("ID");
  backfill->add_option("--every", found_.every, "A time each 1d, 6h or the like from --from on")
      ->excludes(trigger)
      ->type_name("DURATION");
  backfill->add_option("--parallel", found_.parallel, "So many runs at a time (default: 1)")
      ->check(CLI::Range(1, 1'000))
      ->type_name("N");
  backfill->add_flag("--only-missing", found_.only_missing,
                     "Leave out times that have a run that ended well");
  backfill->add_flag("--reverse", found_.newest_first, "The newest time first");
  backfill->add_flag("--dry-run", found_.dry_run, "Only say what would run");
  backfill
      ->add_option("-i,--input", raw_inputs_,
                   "A value for an input, before the trigger's; may name {{ run.scheduled_for "
                   "}} and the like; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  add_slots(backfill);
  add_json(backfill);
  add_state(backfill);
  const auto action = [&](const char* name, const char* help) {
    CLI::App* command = backfill->add_subcommand(name, help);
    command->callback([this, name] { found_.action = name; });
    add_json(command);
    add_state(command);
    return command;
  };
  CLI::App* list = action("list", "List backfills, newest first");
  add_watch_option(list, found_);
  list->add_option("-n,--limit", found_.limit, "How many (default: 20)")
      ->check(CLI::Range(1, 10'000))
      ->type_name("N");
  CLI::App* resume = action("resume", "Carry one on that was paused or left, and follow it");
  add_slots(resume);
  for (CLI::App* command : {action("show", "Tell how far one is"),
                            action("pause", "Start no more of its runs; those that live go on"),
                            resume, action("cancel", "End it and all its runs")}) {
    command->add_option("backfill", found_.backfill, "Its number")
        ->required()
        ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
        ->type_name("N");
  }
  backfill->footer(
      "Times are those in the trigger's zone: --from counts, --to does not. So\n"
      "  dyna backfill flow.yaml --from 2026-11-01 --to 2026-11-08\n"
      "runs a daily flow seven times. Each run has run.scheduled_for and run.interval of its "
      "time.");
}

void Parser::add_guard() {
  CLI::App* guard = add("guard", "Look at the history that guards judge data by", Verb::kGuard);
  guard->require_subcommand(1);
  const auto action = [&](const char* name, const char* help) {
    CLI::App* command = guard->add_subcommand(name, help);
    command->callback([this, name] { found_.action = name; });
    add_state(command);
    return command;
  };
  CLI::App* show = action("show", "Draw a dataset's history; without a name, list them");
  show->add_option("dataset", found_.series, "As the guard calls it: flow/task")
      ->type_name("DATASET");
  show->add_option("--metric", found_.metric, "Another metric than rows: nulls(price)")
      ->type_name("METRIC");
  show->add_option("-n,--limit", found_.limit, "How many runs in the table (default: 20)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  CLI::App* accept = action("accept", "Say that the alarms in a row are a new level");
  accept->add_option("dataset", found_.series, "The dataset")->required()->type_name("DATASET");
  CLI::App* backtest = action("backtest", "Tell how a history would have been judged");
  backtest->add_option("source", found_.series, "A dataset, or a file of lines 2026-11-21,1234")
      ->required()
      ->type_name("DATASET|FILE");
  backtest->add_option("--drop", found_.drop, "Percent at which it trips (default: 20)")
      ->check(CLI::Range(0.1, 100.0))
      ->type_name("PERCENT");
  backtest->add_option("--skip", found_.skip, "So many at the front are history only")
      ->type_name("N");
  backtest->add_option("--loss", found_.losses, "Also judge each run with so much less")
      ->check(CLI::Range(0.1, 100.0))
      ->type_name("PERCENT");
  for (CLI::App* command : {show, backtest}) add_json(command);
}

void Parser::add_cache() {
  CLI::App* cache = add("cache", "What was done before, and is not done again", Verb::kCache);
  cache->require_subcommand(1);
  for (const char* name : {"list", "clear"}) {
    CLI::App* command = cache->add_subcommand(
        name, name == std::string("list") ? "List what it holds" : "Remove what it holds");
    command->callback([this, name] { found_.action = name; });
    command->add_option("flow", found_.flow_id, "Only of this flow (ID or NAMESPACE.ID)");
    add_json(command);
    add_state(command);
  }
  CLI::App* prune = add("prune", "Remove what 'retention' keeps no longer", Verb::kPrune);
  prune->add_flag("--dry-run", found_.dry_run, "Only say what would be removed");
  add_json(prune);
  add_state(prune);
}

void Parser::add_secret() {
  CLI::App* secret = add("secret", "Keep secrets for flows, encrypted in the state", Verb::kSecret);
  secret->require_subcommand(1);
  const auto action = [&](const char* name, const char* help) {
    CLI::App* command = secret->add_subcommand(name, help);
    command->callback([this, name] { found_.action = name; });
    add_state(command);
    return command;
  };
  CLI::App* set = action("set", "Set or replace one; the value comes over standard input");
  set->add_option("--file", file_, "Take the value from this file, byte for byte")
      ->type_name("FILE");
  set->footer(
      "A flow uses it as {{ secret('API_TOKEN') }}. Examples:\n"
      "  dyna secret set API_TOKEN                    asks for it, and shows nothing\n"
      "  pass show api | dyna secret set API_TOKEN    the line end is not part of it\n"
      "  dyna secret set SSH_KEY --file id_ed25519\n"
      "The key is $DYNA_SECRET_KEY (openssl rand -base64 32), else the file secret.key of the\n"
      "state, which the first 'set' makes.");
  CLI::App* list = action("list", "List names, and when each was set");
  CLI::App* remove = action("remove", "Remove one");
  for (CLI::App* command : {set, remove}) {
    command->add_option("name", found_.secret, "Letters, digits and _")
        ->required()
        ->type_name("NAME");
  }
  add_json(list);
}

void Parser::add_contract() {
  CLI::App* contract = app_.add_subcommand(
      "contract", "Contracts from and to the Open Data Contract Standard (ODCS 3.x)");
  contract->require_subcommand(1);
  const auto part = [&](const char* name, const char* help, Verb verb, const char* file,
                        const char* out, const char* out_type) {
    CLI::App* command = contract->add_subcommand(name, help);
    command->callback([this, verb] { found_.verb = verb; });
    command->add_option("file", file_, file)->required()->type_name("FILE");
    command->add_option("-o,--output", found_.out, out)->type_name(out_type);
    command->add_flag("--strict", found_.strict, "What cannot be carried over is an error");
    add_json(command);
  };
  part("import", "Make contracts of an ODCS document, one for each object of its schema",
       Verb::kContractImport, "The ODCS document",
       "The file to write, or the folder for several (default: print it)", "PATH");
  part("export", "Make an ODCS document of a contract", Verb::kContractExport,
       "The contract's file", "The file to write (default: print it)", "FILE");
}

void Parser::add_schedule() {
  CLI::App* schedule = app_.add_subcommand("schedule", "Say when flows are due");
  schedule->require_subcommand(1);
  CLI::App* next = schedule->add_subcommand(
      "next", "Say when a cron expression, or a flow's triggers, are due next");
  next->callback([this] { found_.verb = Verb::kSchedule; });
  next->add_option(
          "cron", found_.cron,
          "[second] minute hour day-of-month month day-of-week, or @daily and its like; or "
          "the file or the name of a flow, whose triggers say the rest")
      ->required()
      ->type_name("CRON|FILE|NAME");
  next->add_option("-z,--timezone", found_.zones,
                   "As Europe/Berlin (default: UTC); may be repeated")
      ->type_name("ZONE")
      ->expected(1)
      ->take_all();
  next->add_option("--from", found_.from,
                   "After 2026-11-21T07:50 in UTC, or with +02:00 (default: now)")
      ->type_name("TIME");
  next->add_option("-n,--limit", found_.limit, "How many (default: 20)")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  next->add_option_function<std::string>(
          "--on-gap", [this](const std::string& word) { found_.skip_gap = word == "skip"; },
          "A time that the clocks pass over: shift (default) makes it due when they have been put "
          "forward, skip leaves it out")
      ->check(CLI::IsMember({"shift", "skip"}));
  next->add_option_function<std::string>(
          "--on-overlap",
          [this](const std::string& word) { found_.both_overlaps = word == "both"; },
          "A time that comes twice: once (default), or both")
      ->check(CLI::IsMember({"once", "both"}));
  add_json(next);
  add_state(next);
  CLI::App* ticks =
      schedule->add_subcommand("ticks", "What became of a flow's times, newest first");
  ticks->callback([this] { found_.verb = Verb::kTicks; });
  ticks->add_option("flow", file_, "The flow")->required()->type_name("FILE|NAME");
  ticks->add_option("-n,--limit", found_.limit, "How many (default: 20)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  add_json(ticks);
  add_state(ticks);
}

void Parser::add_others() {
  CLI::App* doctor = add("doctor", "Look at what this machine offers", Verb::kDoctor);
  doctor->add_flag("--install", found_.install, "Fetch what is missing (DuckDB, from PyPI)");
  add_json(doctor);
  doctor->add_option("--state", found_.state, "The state folder")->type_name("DIR");
  CLI::App* version = add("version", "Print the version", Verb::kVersion);
  add_json(version);
  CLI::App* completion =
      add("completion", "Print a completion script for a shell", Verb::kCompletion);
  completion->add_option("shell", found_.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

/// The library only says that a command is missing.
std::string Parser::unknown_command(int argc, const char* const* argv) {
  if (argc < 2 || argv[1][0] == '-') return {};
  std::vector<std::string> known;
  for (const CLI::App* command : app_.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(command->get_name());
  }
  const std::vector<std::string_view> names(known.begin(), known.end());
  const std::string near = nearest(argv[1], names);
  return "unknown command '" + std::string(argv[1]) + "'" +
         (near.empty() ? "" : "; did you mean '" + near + "'?");
}

/// The library's message would repeat what may be a secret.
std::string wrong_secret_arguments(const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    return "more arguments than 'dyna secret' takes. A value is never one of them: every user of "
           "this machine could read it (ps), and the shell keeps it in its history. It comes over "
           "standard input:\n  dyna secret set NAME           asks for it\n"
           "  dyna secret set NAME < FILE\n'dyna secret --help' says what is possible.";
  }
  return std::string(error.what()) + "\n'dyna secret --help' says what is possible.";
}

/// What is wrong with an input; empty: nothing.
std::string Parser::split_inputs() {
  for (const std::string& raw : raw_inputs_) {
    const std::size_t sign = raw.find('=');
    if (sign == std::string::npos || sign == 0) {
      return "--input " + raw + ": wants the form key=value";
    }
    found_.inputs.emplace_back(raw.substr(0, sign), raw.substr(sign + 1));
  }
  return {};
}

std::variant<Arguments, Usage> Parser::parse(int argc, const char* const* argv) {
  if (argc == 2 && std::string(argv[1]) == "--version") return found_;
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app_.get_subcommands();
    return Usage{chosen.empty() ? app_.help() : chosen.front()->help("dyna"), false};
  } catch (const CLI::CallForAllHelp&) {
    return Usage{app_.help("", CLI::AppFormatMode::All), false};
  } catch (const CLI::ParseError& error) {
    const auto chosen = app_.get_subcommands();
    if (!chosen.empty() && chosen.front()->get_name() == "secret") {
      return Usage{wrong_secret_arguments(error), true};
    }
    const std::string unknown = chosen.empty() ? unknown_command(argc, argv) : std::string();
    if (!unknown.empty()) return Usage{unknown + "\n'dyna --help' lists the commands.", true};
    const std::string where = chosen.empty() ? "" : " " + chosen.front()->get_name();
    return Usage{std::string(error.what()) + "\n'dyna" + where + " --help' says what is possible.",
                 true};
  }
  if (!file_.empty()) found_.files.push_back(file_);
  const std::string wrong = split_inputs();
  if (!wrong.empty()) return Usage{wrong, true};
  return found_;
}

std::vector<const CLI::App*> parts_of(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<Described> options_of(const CLI::App& command) {
  std::vector<Described> found;
  std::vector<const CLI::App*> apps = parts_of(command);
  apps.insert(apps.begin(), &command);
  for (const CLI::App* app : apps) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        const bool known =
            std::ranges::any_of(found, [&name](const auto& other) { return other.first == name; });
        if (!known) found.emplace_back(name, option->get_description());
      }
    }
  }
  return found;
}

}  // namespace

std::variant<Arguments, Usage> parse_arguments(int argc, const char* const* argv) {
  return Parser().parse(argc, argv);
}

std::string completion_script(const std::string& shell) {
  Parser parser;
  const std::vector<CLI::App*> commands = parser.app().get_subcommands(
      [](const CLI::App* command) { return !command->get_name().empty(); });
  std::vector<CommandWords> words;
  words.reserve(commands.size());
  for (const CLI::App* command : commands) {
    CommandWords& one = words.emplace_back();
    one.command = {command->get_name(), command->get_description()};
    for (const CLI::App* part : parts_of(*command)) {
      one.parts.emplace_back(part->get_name(), part->get_description());
    }
    one.options = options_of(*command);
  }
  return completion_script(shell, words);
}

}  // namespace cordyna::cli
