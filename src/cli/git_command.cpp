// dyna git: namespaces of a server that follow a branch; a pull and a push of one.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"
#include "client/json_slice.hpp"
#include "model/git.hpp"

namespace cordyna::cli {
namespace {

using client::JsonSlice;

std::string commit_text(const JsonSlice& follow, std::string_view which) {
  const std::string id = follow.member(which).text("commit");
  return id.empty() ? "-" : std::string(short_commit(id));
}

std::string when_text(const JsonSlice& follow, std::string_view which) {
  const Millis at = follow.time(which);
  return at == 0 ? "-" : seconds_text(at);
}

std::string branch_text(const JsonSlice& follow) {
  const std::string folder = follow.text("folder");
  return printable(follow.text("branch") + (folder.empty() ? "" : ":" + folder));
}

/// What is wrong, each thing in a line of its own.
std::string problems_of_follow(const JsonSlice& follow) {
  const std::string problem = follow.text("problem");
  if (problem.empty()) return {};
  const std::string ns = printable(follow.text("namespace"));
  std::string out = fmt::format("{}: {}\n", ns, printable(problem));
  const std::vector<JsonSlice> errors = follow.member("errors").items();
  if (errors.size() < 2) return out;
  for (const JsonSlice& one : errors) {
    const GitFlaw flaw{one.text("file"), one.count("line"), one.count("column"),
                       one.text("message")};
    out += fmt::format("  {}\n", printable(to_string(flaw)));
  }
  return out;
}

std::string follows_table(const JsonSlice& all) {
  std::vector<std::vector<std::string>> rows{
      {"NAMESPACE", "BRANCH", "APPLIED", "SINCE", "NEWEST", "LOOKED AT", "EDITS", "REPOSITORY"}};
  std::string problems;
  for (const JsonSlice& one : all.member("follows").items()) {
    rows.push_back({printable(one.text("namespace")), branch_text(one), commit_text(one, "applied"),
                    when_text(one, "applied_at"), commit_text(one, "seen"),
                    when_text(one, "looked_at"), std::to_string(one.member("edits").items().size()),
                    printable(one.text("url"))});
    problems += problems_of_follow(one);
  }
  return rows.size() == 1 ? std::string() : as_columns(rows) + problems;
}

CommandResult list_follows(CommandContext& context, const client::ApiClient& server) {
  TRY_ASSIGN(const std::string text, server.get("/git"));
  if (context.arguments.json) {
    context.output.write(text + "\n");
    return ExitCode::kOk;
  }
  TRY_ASSIGN(const JsonSlice all, JsonSlice::parse(text));
  const std::string problem = all.text("problem");
  std::string out = follows_table(all);
  if (out.empty() && problem.empty()) {
    out =
        "no namespace follows a branch: there is no git.yaml beside the server's cordyna.yaml, or "
        "nothing in it that you may see\n";
  }
  if (!problem.empty()) out = fmt::format("{}\n\n{}", printable(problem), out);
  context.output.write(out);
  return ExitCode::kOk;
}

/// What came of it; a commit that cannot be applied is told, and is a failure.
CommandResult tell_follow(CommandContext& context, const std::string& text) {
  TRY_ASSIGN(const JsonSlice follow, JsonSlice::parse(text));
  const std::string problem = follow.text("problem");
  if (context.arguments.json) {
    context.output.write(text + "\n");
  } else if (problem.empty()) {
    context.output.write(
        fmt::format("{} has commit {} of branch {}: {}\n", printable(follow.text("namespace")),
                    commit_text(follow, "applied"), printable(follow.text("branch")),
                    printable(follow.member("applied").text("summary"))));
  } else {
    std::string problems = problems_of_follow(follow);
    problems.pop_back();
    print_error(problems);
  }
  return problem.empty() ? ExitCode::kOk : ExitCode::kUsage;
}

}  // namespace

CommandResult git_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const client::ApiClient server, server_wanted(context, "git"));
  const bool push = arguments.action == "push";
  if (!push && arguments.action != "sync") return list_follows(context, server);
  if (!arguments.ns.has_value()) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("whose? dyna git {} NAMESPACE; 'dyna git' lists them", arguments.action));
  }
  std::string body = "{}";
  if (push && !arguments.note.empty()) {
    body = fmt::format(R"({{"message":{}}})", json_string(arguments.note));
  } else if (!push && arguments.discard) {
    body = R"({"discard":true})";
  }
  TRY_ASSIGN(const std::string text,
             server.send({.path = fmt::format("/git/{}/{}", client::segment(*arguments.ns),
                                              arguments.action),
                          .body = std::move(body)}));
  return tell_follow(context, text);
}

}  // namespace cordyna::cli
