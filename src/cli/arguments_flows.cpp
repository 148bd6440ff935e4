// Knows CLI11, as arguments.cpp does.
#include "cli/arguments_flows.hpp"

#include <CLI/CLI.hpp>

#include <limits>
#include <string>

#include "cli/arguments_server.hpp"

namespace cordyna::cli {
namespace {

class FlowCommands {
 public:
  FlowCommands(CLI::App& app, Arguments& found) : app_(app), found_(found) {}

  void add_apply();
  void add_plan();
  void add_flows();
  void add_up();
  void add_audit();
  void add_notices();
  void add_alerts();
  void add_teams();
  void add_git();
  void add_events();
  void add_triggers();
  void add_inputs();
  void add_input();
  void add_servers();
  void add_trace();
  void add_config();
  void add_backup();
  void add_schema();
  void add_types();

 private:
  void add_server_options(CLI::App* command);
  CLI::App* add(const char* name, const char* help, Verb verb) {
    CLI::App* const command = app_.add_subcommand(name, help);
    command->callback([&found = found_, verb] { found.verb = verb; });
    return command;
  }
  void add_paths(CLI::App* command) {
    command->add_option("path", found_.files, "Files of flows, or folders that are gone through")
        ->required()
        ->type_name("PATH…");
  }
  void add_namespace(CLI::App* command) {
    command
        ->add_option_function<std::string>(
            "-n,--namespace", [&found = found_](const std::string& ns) { found.ns = ns; },
            "Only those of this namespace; '' is that of flows without one")
        ->type_name("NAMESPACE");
  }
  void add_common(CLI::App* command) {
    command->add_flag("--json", found_.json, "Print JSON, for programs");
    command->add_option("--state", found_.state, "The state folder")->type_name("DIR");
    if (command->get_name() != "up") add_server_option(command, found_);
  }
  CLI::Option* add_number(CLI::App* command, const char* name, std::int64_t& number,
                          const char* help) {
    return command->add_option(name, number, help)
        ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
        ->type_name("N");
  }

  CLI::App& app_;
  Arguments& found_;
};

void FlowCommands::add_apply() {
  CLI::App* const apply =
      add("apply", "Make flows known by name: all that are given, or none", Verb::kApply);
  add_paths(apply);
  apply->add_flag("--prune", found_.prune, "Also remove flows whose file is gone from the folders");
  add_common(apply);
  apply->footer(
      "Each content of a flow is a version with a number; runs stay on the version that they "
      "began\n"
      "with. Where 'dyna up' runs on the state, it keeps the new schedules at once. What a flow\n"
      "takes from defaults.yaml, contracts and connections is part of its version, so apply it\n"
      "again when one of those has changed; what its scripts read is not.\n"
      "State lies in .cordyna beside the nearest cordyna.yaml, else in the folder of PATH.");
}

void FlowCommands::add_plan() {
  CLI::App* const plan =
      add("plan", "Say what 'dyna apply' would change; changes nothing", Verb::kPlan);
  add_paths(plan);
  plan->add_flag("--prune", found_.prune, "Also tell of flows that --prune would remove");
  plan->add_flag("--exit-code", found_.exit_code, "End with 1 where something would change");
  add_common(plan);
}

void FlowCommands::add_flows() {
  CLI::App* const flows = add("flows", "List the flows that are known by name", Verb::kFlows);
  add_namespace(flows);
  add_watch_option(flows, found_);
  flows->add_flag("--names", found_.names, "Only names, one a line: for completion");
  add_common(flows);
  const auto action = [&](const char* name, const char* help) {
    CLI::App* const command = flows->add_subcommand(name, help);
    command->callback([&found = found_, name] { found.action = name; });
    command
        ->add_option("flow", found_.flow_id, "namespace/id, or an id that only one namespace has")
        ->required()
        ->type_name("NAME");
    add_common(command);
    return command;
  };
  CLI::App* const show = action("show", "Show a version of a flow, and which there are");
  add_number(show, "--version", found_.version, "This one (default: the current one)");
  CLI::App* const diff = action("diff", "Show how two versions of a flow differ");
  add_number(diff, "--from", found_.from_version, "From this one (default: the one before)");
  add_number(diff, "--to", found_.to_version, "To this one (default: the current one)");
  CLI::App* const disable =
      action("disable", "Start no runs of it, by nobody and no trigger; those that run go on");
  disable->add_option("--reason", found_.note, "Why; whoever wants to start it is told")
      ->type_name("TEXT");
  action("enable", "Start runs of it again; what its schedules missed is up to their 'catch_up'");
  action("remove", "Forget the name: its schedules stop; its versions and runs are kept");
}

void FlowCommands::add_server_options(CLI::App* command) {
  ServeOptions& serve = found_.serve;
  command->add_option("--config", serve.config, "This cordyna.yaml instead of the nearest one")
      ->type_name("FILE");
  const auto setting = [&](const char* option, const char* name, const char* help,
                           const char* type) {
    command
        ->add_option_function<std::string>(
            option,
            [&serve, name](const std::string& value) { serve.options.emplace_back(name, value); },
            help)
        ->type_name(type);
  };
  setting("--listen", "listen",
          "Serve the API at ADDRESS:PORT (default: 127.0.0.1:7070; port 0: any), or 'off'",
          "ADDRESS");
  setting("--tls-cert", "tls_cert", "PEM file with the server's certificate chain", "FILE");
  setting("--tls-key", "tls_key", "PEM file with its key", "FILE");
  setting("--public-url", "public_url", "How browsers reach it: https://dyna.example", "URL");
  setting("--drain", "drain", "How long runs may go on when it is told to go", "DURATION");
  command->add_flag_callback(
      "--insecure-plaintext",
      [&serve] { serve.options.emplace_back("insecure_plaintext", "true"); },
      "Without TLS also where other machines reach it");
  command
      ->add_option("--set", serve.settings,
                   "Any setting of 'server' in cordyna.yaml: limits.body=2MiB")
      ->type_name("NAME=VALUE");
}

void FlowCommands::add_config() {
  CLI::App* const config =
      add("config", "Show the settings of a server, and where each comes from", Verb::kConfig);
  config->add_option("action", found_.action, "show (default) or check")
      ->check(CLI::IsMember({"show", "check"}));
  add_server_options(config);
  config->add_flag("--json", found_.json, "Print JSON, for programs");
  config->footer(
      "Settings stand in 'server' of the nearest cordyna.yaml; the environment (DYNA_LISTEN,\n"
      "DYNA_LIMITS_BODY) goes before the file, options before both. 'check' also looks whether a\n"
      "server would start with them: that its files can be read, and whether its address wants "
      "TLS.");
}

void FlowCommands::add_up() {
  CLI::App* const up = add("up", "Keep the schedules of applied flows until told to go", Verb::kUp);
  up->add_option("folder", found_.files, "Apply the flows of this folder first")
      ->type_name("DIR")
      ->expected(0, 1);
  up->add_flag("--watch", found_.watch, "Apply what changes in DIR, too, as soon as it does");
  up->add_flag(
      "--prune", found_.prune,
      "Also remove flows whose file is gone from DIR; several that are all, at once, stay");
  up->add_option("--slots", found_.slots, "Processes at once (default: one per core)")
      ->check(CLI::Range(1, 10'000))
      ->type_name("N");
  add_server_options(up);
  add_common(up);
  up->footer(
      "Starts runs when triggers are due, and for what was missed while nobody was there, as\n"
      "'catch_up' says. A file with errors is named, and its flow stays as it was applied last.\n"
      "Ctrl-C or SIGTERM: no more ticks, and the end when all runs have ended; again: leaves them\n"
      "to their guardians, and the next 'up' takes them up.\n"
      "State lies in .cordyna beside the nearest cordyna.yaml, else in DIR, else here.");
}

void FlowCommands::add_audit() {
  CLI::App* const audit =
      add("audit", "Show what was done through the server, or check it", Verb::kAudit);
  audit->add_option("action", found_.action, "list (default) or verify")
      ->check(CLI::IsMember({"list", "verify"}));
  audit->add_option("-n,--limit", found_.limit, "So many of the newest entries; with --json: all")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  add_common(audit);
  audit->footer(
      "Each entry holds the hash of the one before. 'verify' finds the first that does not follow\n"
      "from those before, and tells the last hash: kept elsewhere, that shows a cut end, too.\n"
      "'list --json' prints JSON lines, the oldest first, for export.");
}

void FlowCommands::add_notices() {
  CLI::App* const notices =
      add("notices", "Show who is told of what went wrong, and whose it is", Verb::kNotices);
  notices->add_option("--team", found_.at.team, "Only for this team")->type_name("TEAM");
  notices
      ->add_option("--kind", found_.run_state,
                   "Only of this kind: failed, blocked, lost, held, retrying, late or stuck")
      ->check(CLI::IsMember({"failed", "blocked", "lost", "held", "retrying", "late", "stuck"}))
      ->type_name("KIND");
  notices->add_option("-n,--limit", found_.limit, "So many at most (default: 20)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  notices->add_option("--before", found_.before, "Only those before this number")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->type_name("NUMBER");
  add_common(notices);
  notices->footer(
      "KIND is failed (a task or a run of the team has failed: once for each task of a run),\n"
      "blocked (something of the team does not come, since something else has failed: once for\n"
      "each run) or lost (nothing is heard of a task server of the team any more). CAUSE is the\n"
      "team whose it is. Newest first; with --json a line for each.");
}

void FlowCommands::add_alerts() {
  CLI::App* const alerts =
      add("alerts", "Show what is not well, who is told of it, and how their channels fare",
          Verb::kAlerts);
  CLI::Option* const test =
      alerts
          ->add_option("--test", found_.channel,
                       "Send a message that tries this channel out, and say how that went")
          ->type_name("CHANNEL");
  alerts
      ->add_option("--acknowledge", found_.acknowledged,
                   "Say that you are at it: until all is well nobody is told of it again")
      ->type_name("ALERT")
      ->excludes(test);
  add_common(alerts);
  alerts->footer(
      "Of a server of 'dyna up' whose folder has a teams.yaml (dyna teams). Failures of one cause "
      "are\n"
      "one alert, which ends when the flow's next run ends well, or the task server is back. TIMES "
      "is\n"
      "how often it has happened, TOLD when a message went out last; ALERTS, WAITING and NEXT TRY\n"
      "are what a channel was told of that is not well, messages that could not be sent yet, and\n"
      "when that is tried again. ALERT is the id to --acknowledge it by, which takes the role\n"
      "operator: until all is well nobody is told of it again, and nobody else is called.");
}

void FlowCommands::add_teams() {
  CLI::App* const teams = add(
      "teams", "List the teams of a project, or what is wrong with its teams.yaml", Verb::kTeams);
  teams->add_option("path", found_.files, "The file, or a folder (default: here)")
      ->type_name("PATH")
      ->expected(0, 1);
  teams->add_flag("--json", found_.json, "Print JSON, for programs");
  teams->footer(
      "teams.yaml lies beside cordyna.yaml: teams by the names that 'owner' has, the channels by\n"
      "which they are told, and rules. 'dyna up' goes by it, also when it changes; 'dyna alerts\n"
      "--test CHANNEL' tries one out.");
}

void FlowCommands::add_git() {
  CLI::App* const git =
      add("git", "Show which namespaces follow a branch; pull or push one", Verb::kGit);
  git->add_option("action", found_.action, "list (default), sync or push")
      ->check(CLI::IsMember({"list", "sync", "push"}));
  git->add_option("namespace", found_.ns, "Which one, but for list")->type_name("NAMESPACE");
  git->add_option("-m,--message", found_.note, "Of push: of the commit (default: names the flows)")
      ->type_name("TEXT");
  git->add_flag("--discard", found_.discard,
                "Of sync: what was changed here and not pushed gives way to the branch");
  add_common(git);
  git->footer(
      "Of a server of 'dyna up' whose folder has a git.yaml (dyna schema --git --reference). A\n"
      "branch is looked at now and then, and its newest commit is applied: all of it, or, where a\n"
      "flow in it has an error, nothing. 'sync' looks now. With 'push: true' flows can be changed\n"
      "in the UI and by 'dyna apply --server' too; EDITS counts those, and 'push' makes a commit\n"
      "of them. NEWEST is the branch's commit, when it was looked at last.");
}

void FlowCommands::add_events() {
  CLI::App* const events =
      add("events", "Show what came in through triggers; try dead letters again", Verb::kEvents);
  events->add_option("action", found_.action, "list (default), show, replay or drop")
      ->check(CLI::IsMember({"list", "show", "replay", "drop"}));
  events->add_option("event", found_.event, "Number of an event, but for list")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->type_name("EVENT");
  events->add_option("--flow", found_.flow_id, "Only of this flow: an id, or namespace/id");
  events->add_option("--trigger", found_.trigger, "Only of triggers with this id");
  events->add_option("--event-state", found_.run_state, "Only these: pending, run, dead or dropped")
      ->check(CLI::IsMember({"pending", "run", "dead", "dropped"}));
  events->add_option("--before", found_.before, "Only events with a number below this")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->type_name("EVENT");
  events->add_option("-n,--limit", found_.limit, "So many at most (default: 20)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  add_common(events);
  events->footer(
      "A dead letter is an event whose run could not be made, for one of the trigger's inputs is\n"
      "wrong, or its flow has gone. It stays, with all it brought, until somebody has it tried "
      "again\n"
      "(replay) or needs no run of it (drop).");
}

void FlowCommands::add_triggers() {
  CLI::App* const triggers =
      add("triggers", "List what starts runs by itself, and how each fares", Verb::kTriggers);
  add_namespace(triggers);
  triggers->add_option("--flow", found_.flow_id, "Only of this flow: an id, or namespace/id");
  triggers->add_option("--trigger", found_.trigger, "Only those with this id");
  triggers
      ->add_option("--type", found_.trigger_type,
                   "Only of this type: schedule, webhook, postgres, kafka, flow, file, poll, redis")
      ->check(CLI::IsMember(
          {"schedule", "webhook", "postgres", "kafka", "flow", "file", "poll", "redis"}));
  add_watch_option(triggers, found_);
  add_common(triggers);
  triggers->footer(
      "Of the flows that are applied. LAST is the newest time of a schedule and what became of "
      "it,\n"
      "or the newest event of a webhook; WAITING and DEAD are events that wait for their run and\n"
      "dead letters ('dyna events --event-state dead'), counted up to 10,000. A secret that ends "
      "a\n"
      "webhook's path is shown as KEY.");
}

void FlowCommands::add_inputs() {
  CLI::App* const inputs =
      add("inputs", "List what listens for triggers at a server, and how it fares", Verb::kInputs);
  add_common(inputs);
  inputs->footer(
      "A trigger of a type such as postgres, kafka, file, poll or redis has an input, which 'dyna "
      "up' keeps\n"
      "going. STATE is starts, listens, waits (what comes is not taken for now) or failed (it is\n"
      "begun again after a while); below stands why, and what is wrong while it listens. LAG is\n"
      "how long the last event was on its way; WAITING and DEAD are events that wait for their "
      "run\n"
      "and dead letters.");
}

void FlowCommands::add_servers() {
  CLI::App* const servers =
      add("servers", "List the task servers of a server, and what they are at", Verb::kServers);
  add_common(servers);
  servers->footer(
      "STATE is connected, ready, draining (takes nothing new), unreachable (nothing is heard of "
      "it; its\n"
      "attempts may go on) or gone. SLOTS are attempts that it takes at a time, by class.");
}

void FlowCommands::add_trace() {
  CLI::App* const trace = add(
      "trace", "Print what cerebro and task servers said to each other for a run", Verb::kTrace);
  trace->add_option("run", found_.run, "Its number, its id or the front of that, or 'last'")
      ->required()
      ->type_name("RUN");
  add_common(trace);
  trace->footer(
      "Each line has the time, what has passed since the line before, who said what to\n"
      "whom, and of which attempt.");
}

void FlowCommands::add_input() {
  CLI::App* const input = add(
      "input", "Make what a trigger's input needs in its database, or take it away", Verb::kInput);
  input->add_option("action", found_.action, "install or remove")
      ->required()
      ->check(CLI::IsMember({"install", "remove"}));
  input
      ->add_option("flow", found_.flow_id,
                   "A flow's file; or an applied flow: its id or namespace/id")
      ->required()
      ->type_name("FLOW");
  input->add_option("trigger", found_.trigger, "Only of this trigger")->type_name("TRIGGER");
  add_common(input);
  input->footer(
      "'dyna up' does that by itself, unless the trigger says 'install: false'. Without the "
      "trigger's\n"
      "flow being applied nobody reads what changes: it is kept in the database until somebody "
      "does,\n"
      "or until 'remove', which is also for triggers that are gone for good. Remove them while no\n"
      "server has them: it would make them again.");
}

void FlowCommands::add_schema() {
  CLI::App* const schema =
      add("schema", "Print the JSON Schema of flows, for editors", Verb::kSchema);
  schema->add_flag("--states", found_.states, "The states of runs, tasks and attempts instead");
  schema->add_flag("--reference", found_.reference, "The reference of the flow language instead");
  schema->add_flag("--tests", found_.tests, "Of files of tests, not of flows");
  schema->add_flag("--teams", found_.teams, "Of teams.yaml: who is told of what goes wrong");
  schema->add_flag("--git", found_.git, "Of git.yaml: which namespaces follow which branches");
  schema->add_flag("--api", found_.api, "Of the API of dyna up: its OpenAPI document");
  CLI::Option* const protocol =
      schema->add_flag("--protocol", found_.protocol, "Of the messages of task servers");
  schema->add_flag("--asyncapi", found_.asyncapi, "As an AsyncAPI document")->needs(protocol);
}

void FlowCommands::add_types() {
  CLI::App* const types = add(
      "types", "List the types of tasks: those built in, and the project's plugins", Verb::kTypes);
  types->add_option("type", found_.flow_id, "Only this one, with the JSON Schemas of its keys")
      ->type_name("TYPE");
  types->add_flag("--json", found_.json, "Print JSON, for programs");
  types->footer(
      "A plugin is a program that 'plugins' of cordyna.yaml names; it is started to be asked what "
      "it\n"
      "declares. With --json each type has its JSON Schemas.");
}

void FlowCommands::add_backup() {
  CLI::App* const backup =
      add("backup", "Copy the state into a file, also while it is worked with", Verb::kBackup);
  backup->add_option("file", found_.files, "A file that is not there yet")
      ->type_name("FILE")
      ->required()
      ->expected(1);
  add_common(backup);
  backup->footer(
      "The copy is of one moment, whole, and checked before it gets its name. It holds flows, "
      "runs,\n"
      "their history, schedules, users and the audit; not in it, and named: logs and artifacts "
      "in\n"
      "runs/, the cache, secrets with their key, and the file that shows admin's token.");
  CLI::App* const restore =
      add("restore", "Make a file of 'dyna backup' the state here", Verb::kRestore);
  restore->add_option("file", found_.files, "The file; it stays as it is")
      ->type_name("FILE")
      ->required()
      ->expected(1);
  add_common(restore);
  restore->footer(
      "Wants a state folder without a state, and overwrites nothing. Runs that had not ended go "
      "on\n"
      "with 'dyna up' or 'dyna resume'; a task that ran when the backup was made begins again.\n"
      "State lies in .cordyna beside the nearest cordyna.yaml, else here.");
}

}  // namespace

void add_watch_option(CLI::App* command, Arguments& found) {
  command->add_flag("-w,--watch", found.watch,
                    "Go on until Ctrl-C: drawn again when something changes, or, where no terminal "
                    "is, a line for each change");
}

void add_applied_flow_commands(CLI::App& app, Arguments& found) {
  FlowCommands commands(app, found);
  commands.add_apply();
  commands.add_plan();
  commands.add_flows();
  commands.add_up();
  commands.add_audit();
  commands.add_notices();
  commands.add_alerts();
  commands.add_teams();
  commands.add_git();
  commands.add_events();
  commands.add_triggers();
  commands.add_inputs();
  commands.add_input();
  commands.add_servers();
  commands.add_trace();
  commands.add_config();
  commands.add_backup();
  commands.add_schema();
  commands.add_types();
}

}  // namespace cordyna::cli
