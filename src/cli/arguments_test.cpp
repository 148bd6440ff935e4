#include "cli/arguments.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cordyna::cli {
namespace {

std::variant<Arguments, Usage> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "dyna");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

Arguments parsed(std::vector<const char*> words) {
  const auto found = parse(std::move(words));
  const auto* usage = std::get_if<Usage>(&found);
  EXPECT_EQ(usage, nullptr) << usage->text;
  return usage == nullptr ? std::get<Arguments>(found) : Arguments{};
}

std::string refused(std::vector<const char*> words) {
  const auto found = parse(std::move(words));
  const auto* usage = std::get_if<Usage>(&found);
  EXPECT_NE(usage, nullptr);
  if (usage == nullptr) return {};
  EXPECT_TRUE(usage->is_error);
  return usage->text;
}

TEST(ArgumentsTest, RunTakesAFileInputsAndItsOptions) {
  const Arguments found = parsed({"run", "a.yaml", "--input", "k=v", "-i", "x=a=b", "--input",
                                  "e=", "--slots", "3", "--follow", "plain", "--state", "/s"});
  EXPECT_EQ(found.verb, Verb::kRun);
  EXPECT_EQ(found.files, (std::vector<std::string>{"a.yaml"}));
  EXPECT_EQ(found.inputs, (std::vector<std::pair<std::string, std::string>>{
                              {"k", "v"}, {"x", "a=b"}, {"e", ""}}));
  EXPECT_EQ(found.slots, 3U);
  EXPECT_EQ(found.follow, Follow::kPlain);
  EXPECT_EQ(found.state, "/s");
}

TEST(ArgumentsTest, ApplyAndPlanTakePaths) {
  const Arguments apply = parsed({"apply", "flows", "b.yaml", "--prune", "--json"});
  EXPECT_EQ(apply.verb, Verb::kApply);
  EXPECT_EQ(apply.files, (std::vector<std::string>{"flows", "b.yaml"}));
  EXPECT_TRUE(apply.prune);
  EXPECT_TRUE(apply.json);
  const Arguments plan = parsed({"plan", "flows", "--exit-code", "--state", "/s"});
  EXPECT_EQ(plan.verb, Verb::kPlan);
  EXPECT_TRUE(plan.exit_code);
  EXPECT_EQ(plan.state, "/s");
  EXPECT_NE(refused({"apply"}).find("path"), std::string::npos);
}

TEST(ArgumentsTest, FlowsAreListedAndNamed) {
  const Arguments all = parsed({"flows"});
  EXPECT_EQ(all.verb, Verb::kFlows);
  EXPECT_EQ(all.action, "");
  EXPECT_FALSE(all.ns.has_value());
  EXPECT_EQ(parsed({"flows", "--namespace", ""}).ns, "");
  const Arguments show = parsed({"flows", "show", "acme/daily", "--version", "3"});
  EXPECT_EQ(show.verb, Verb::kFlows);
  EXPECT_EQ(show.action, "show");
  EXPECT_EQ(show.flow_id, "acme/daily");
  EXPECT_EQ(show.version, 3);
  const Arguments diff = parsed({"flows", "diff", "a", "--from", "1", "--to", "2"});
  EXPECT_EQ(diff.from_version, 1);
  EXPECT_EQ(diff.to_version, 2);
  EXPECT_NE(refused({"flows", "remove"}).find("flow"), std::string::npos);
  EXPECT_NE(refused({"flows", "show", "a", "--version", "0"}), "");
}

TEST(ArgumentsTest, UpTakesAFolderOrNone) {
  EXPECT_TRUE(parsed({"up"}).files.empty());
  const Arguments up = parsed({"up", "flows", "--watch", "--prune"});
  EXPECT_EQ(up.verb, Verb::kUp);
  EXPECT_EQ(up.files, std::vector<std::string>{"flows"});
  EXPECT_TRUE(up.watch);
  EXPECT_TRUE(up.prune);
  EXPECT_NE(refused({"up", "a", "b"}), "");
}

TEST(ArgumentsTest, FilesOfInputsKeepTheirOrder) {
  const Arguments found = parsed({"run", "a", "--inputs", "b.yaml", "-i", "k=v", "--inputs", "c"});
  EXPECT_EQ(found.input_files, (std::vector<std::string>{"b.yaml", "c"}));
  EXPECT_EQ(found.inputs.size(), 1U);
}

TEST(ArgumentsTest, InputsMayHoldWhateverAShellHandsOver) {
  const Arguments found = parsed({"run", "a.yaml", "--input", "k=$(touch /tmp/x)\n-rf \"'"});
  ASSERT_EQ(found.inputs.size(), 1U);
  EXPECT_EQ(found.inputs[0].second, "$(touch /tmp/x)\n-rf \"'");
}

TEST(ArgumentsTest, RerunTakesARunAndWhatIsDifferent) {
  const Arguments found =
      parsed({"rerun", "last", "--from", "clean", "--with", "k=v", "--with", "x=1"});
  EXPECT_EQ(found.verb, Verb::kRerun);
  EXPECT_EQ(found.run, "last");
  EXPECT_EQ(found.from, "clean");
  EXPECT_EQ(found.inputs,
            (std::vector<std::pair<std::string, std::string>>{{"k", "v"}, {"x", "1"}}));
  EXPECT_NE(refused({"rerun", "1", "--failed", "--from", "a"}).find("excludes"), std::string::npos);
  EXPECT_NE(refused({"rerun", "1", "--with", "k"}).find("key=value"), std::string::npos);
}

TEST(ArgumentsTest, BackfillBeginsOneOrSteersOne) {
  const Arguments begin = parsed({"backfill", "a.yaml", "--from", "2026-01-01", "--to",
                                  "2026-02-01", "--parallel", "4", "--only-missing", "--reverse"});
  EXPECT_EQ(begin.verb, Verb::kBackfill);
  EXPECT_EQ(begin.action, "");
  EXPECT_EQ(begin.files, std::vector<std::string>{"a.yaml"});
  EXPECT_EQ(begin.to, "2026-02-01");
  EXPECT_EQ(begin.parallel, 4U);
  EXPECT_TRUE(begin.only_missing && begin.newest_first);
  const Arguments pause = parsed({"backfill", "pause", "3", "--state", "/s"});
  EXPECT_EQ(pause.verb, Verb::kBackfill);
  EXPECT_EQ(pause.action, "pause");
  EXPECT_EQ(pause.backfill, 3);
  EXPECT_TRUE(pause.files.empty());
  EXPECT_EQ(parsed({"backfill", "list", "-n", "5"}).limit, 5U);
  EXPECT_FALSE(refused({"backfill", "cancel"}).empty());
  EXPECT_FALSE(refused({"backfill", "a", "--trigger", "t", "--every", "1d"}).empty());
}

TEST(ArgumentsTest, ValidateTakesManyFilesShowOneAndATask) {
  EXPECT_EQ(parsed({"validate", "a", "b", "c"}).files.size(), 3U);
  const Arguments show = parsed({"show", "a.yaml", "merge", "--sql"});
  EXPECT_EQ(show.files, (std::vector<std::string>{"a.yaml"}));
  EXPECT_EQ(show.task, "merge");
  EXPECT_TRUE(show.sql);
}

TEST(ArgumentsTest, RunsOfTheStateAreNamed) {
  EXPECT_EQ(parsed({"why", "last", "load"}).task, "load");
  EXPECT_EQ(parsed({"cancel", "12"}).run, "12");
  EXPECT_EQ(parsed({"resume"}).run, "");
  EXPECT_TRUE(parsed({"logs", "3", "-f"}).follow_logs);
  EXPECT_TRUE(parsed({"runs", "--unfinished", "--json"}).unfinished);
  const Arguments page = parsed({"runs", "--run-state", "error", "--before", "40"});
  EXPECT_EQ(page.run_state, "error");
  EXPECT_EQ(page.before, 40);
  EXPECT_NE(refused({"runs", "--run-state", "failed"}).find("error"), std::string::npos);
  EXPECT_NE(refused({"runs", "--before", "0"}).find("--before"), std::string::npos);
}

TEST(ArgumentsTest, ContractsAreImportedAndExported) {
  const Arguments import = parsed({"contract", "import", "o.yaml", "-o", "made/", "--strict"});
  EXPECT_EQ(import.verb, Verb::kContractImport);
  EXPECT_EQ(import.files, (std::vector<std::string>{"o.yaml"}));
  EXPECT_EQ(import.out, "made/");
  EXPECT_TRUE(import.strict);
  const Arguments other = parsed({"contract", "export", "c.yaml", "--json"});
  EXPECT_EQ(other.verb, Verb::kContractExport);
  EXPECT_TRUE(other.json);
  EXPECT_NE(refused({"contract"}).find("dyna contract --help"), std::string::npos);
  EXPECT_NE(refused({"contract", "import"}).find("file"), std::string::npos);
}

TEST(ArgumentsTest, SecretsAreSetListedAndRemoved) {
  const Arguments set = parsed({"secret", "set", "A", "--file", "f", "--state", "/s"});
  EXPECT_EQ(set.verb, Verb::kSecret);
  EXPECT_EQ(set.action, "set");
  EXPECT_EQ(set.secret, "A");
  EXPECT_EQ(set.files, (std::vector<std::string>{"f"}));
  EXPECT_EQ(set.state, "/s");
  EXPECT_TRUE(parsed({"secret", "list", "--json"}).json);
  EXPECT_EQ(parsed({"secret", "remove", "A"}).action, "remove");
}

TEST(ArgumentsTest, AValueAmongTheArgumentsOfSecretIsRefusedAndNotRepeated) {
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{"secret", "set", "A", "hunter2"},
                                             {"secret", "set", "A", "--value", "hunter2"},
                                             {"secret", "set", "A", "--value=hunter2"},
                                             {"secret", "set", "hunter2", "A"},
                                             {"secret", "set", "A", "--", "hunter2"},
                                             {"secret", "set", "A", "remove", "hunter2"},
                                             {"secret", "list", "hunter2"},
                                             {"secret", "hunter2"}}) {
    const std::string text = refused(words);
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  }
  EXPECT_NE(refused({"secret", "set", "A", "x"}).find("standard input"), std::string::npos);
}

TEST(ArgumentsTest, ShowTakesAnAttemptOfARun) {
  const Arguments show = parsed({"show", "last", "load", "--attempt", "2"});
  EXPECT_EQ(show.files, (std::vector<std::string>{"last"}));
  EXPECT_EQ(show.attempt, 2U);
  EXPECT_NE(refused({"show", "last", "load", "--attempt", "0"}).find("--attempt"),
            std::string::npos);
}

TEST(ArgumentsTest, WrongOnesSayWhatIsPossible) {
  EXPECT_NE(refused({}).find("--help"), std::string::npos);
  EXPECT_NE(refused({"run"}).find("flow"), std::string::npos);
  EXPECT_NE(refused({"run", "a", "--input", "novalue"}).find("key=value"), std::string::npos);
  EXPECT_NE(refused({"run", "a", "--input", "=v"}).find("key=value"), std::string::npos);
  EXPECT_NE(refused({"run", "a", "--slots", "0"}).find("--slots"), std::string::npos);
  EXPECT_NE(refused({"run", "a", "--follow", "loud"}).find("--follow"), std::string::npos);
  EXPECT_NE(refused({"resme"}).find("'resme'; did you mean 'resume'?"), std::string::npos);
  EXPECT_NE(refused({"fly"}).find("unknown command 'fly'"), std::string::npos);
  EXPECT_NE(refused({"completion", "tcsh"}).find("tcsh"), std::string::npos);
}

TEST(ArgumentsTest, HelpIsNoError) {
  const auto found = parse({"run", "--help"});
  const auto* usage = std::get_if<Usage>(&found);
  ASSERT_NE(usage, nullptr);
  EXPECT_FALSE(usage->is_error);
  EXPECT_NE(usage->text.find("--input"), std::string::npos);
}

TEST(CompletionTest, NamesCommandsAndTheirOptions) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(shell);
    EXPECT_NE(script.find("resume"), std::string::npos) << shell;
    EXPECT_NE(script.find("unfinished"), std::string::npos) << shell;
    EXPECT_EQ(script.find("supervise"), std::string::npos) << shell;
    EXPECT_NE(script.find("import"), std::string::npos) << shell;
    EXPECT_NE(script.find("strict"), std::string::npos) << shell;
  }
}

TEST(ArgumentsTest, AServerIsNamedOrNot) {
  EXPECT_EQ(parsed({"runs"}).server, std::nullopt);
  EXPECT_EQ(parsed({"runs", "--server"}).server, "");
  EXPECT_EQ(parsed({"runs", "--server", "prod"}).server, "prod");
  EXPECT_EQ(parsed({"runs", "--server=https://a.example"}).server, "https://a.example");
  EXPECT_EQ(parsed({"flows", "show", "daily", "--server", "prod"}).server, "prod");
  const Arguments run = parsed({"run", "daily", "--server"});
  EXPECT_EQ(run.files, (std::vector<std::string>{"daily"}));
  EXPECT_EQ(run.server, "");
  EXPECT_FALSE(refused({"up", "--server", "prod"}).empty()) << "a server is no client";
}

TEST(ArgumentsTest, WhatHasToDoWithServers) {
  const Arguments login = parsed({"login", "https://a.example", "--name", "a", "-u", "ann"});
  EXPECT_EQ(login.verb, Verb::kLogin);
  EXPECT_EQ(login.at.address, "https://a.example");
  EXPECT_EQ(login.at.name, "a");
  EXPECT_EQ(login.at.user, "ann");
  EXPECT_FALSE(refused({"login", "https://a.example", "dyna_a_b"}).empty());
  EXPECT_FALSE(refused({"login", "https://a.example", "--expires", "2027-01-01"}).empty());

  const Arguments use = parsed({"context", "use", "a"});
  EXPECT_EQ(use.verb, Verb::kContext);
  EXPECT_EQ(use.action, "use");
  EXPECT_EQ(use.at.name, "a");
  EXPECT_FALSE(refused({"context"}).empty());

  const Arguments user =
      parsed({"user", "add", "ann", "--grant", "viewer@a", "--grant", "author@b", "--json"});
  EXPECT_EQ(user.verb, Verb::kUser);
  EXPECT_EQ(user.at.grants, (std::vector<std::string>{"viewer@a", "author@b"}));
  EXPECT_TRUE(user.json);
  EXPECT_FALSE(refused({"user", "set", "ann", "--enable", "--disable"}).empty());

  const Arguments token = parsed({"token", "create", "ci", "--service", "--server", "prod"});
  EXPECT_EQ(token.verb, Verb::kToken);
  EXPECT_TRUE(token.at.service);
  EXPECT_EQ(token.server, "prod");
}

TEST(ArgumentsTest, ListsCanBeWatched) {
  EXPECT_TRUE(parsed({"runs", "--watch"}).watch);
  EXPECT_TRUE(parsed({"flows", "-w"}).watch);
  EXPECT_TRUE(parsed({"pools", "--watch"}).watch);
  EXPECT_TRUE(parsed({"backfill", "list", "--watch"}).watch);
  EXPECT_FALSE(refused({"show", "12", "--watch"}).empty());
}

}  // namespace
}  // namespace cordyna::cli
