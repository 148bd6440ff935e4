#include "service/git_list.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/json_text.hpp"
#include "service/json_fields.hpp"

namespace cordyna {
namespace {

void append_commit(std::string& out, std::string_view key, const GitCommit& commit) {
  if (commit.id.empty()) return;
  fmt::format_to(std::back_inserter(out), R"(,"{}":{{"commit":"{}")", key, commit.id);
  append_text(out, "author", commit.author);
  append_text(out, "summary", commit.summary);
  append_time(out, "at", commit.at);
  out += '}';
}

void append_flaw(std::string& out, const GitFlaw& flaw) {
  out += R"({"message":)" + json_string(flaw.message);
  append_text(out, "file", flaw.file);
  if (flaw.line > 0) {
    fmt::format_to(std::back_inserter(out), R"(,"line":{},"column":{})", flaw.line, flaw.column);
  }
  out += '}';
}

}  // namespace

std::string follow_as_json(const FollowStatus& status) {
  const GitFollow& follow = status.follow;
  const GitBook& book = status.book;
  std::string out = fmt::format(
      R"({{"namespace":{},"url":{},"branch":{},"push":{},"prune":{},"every_ms":{},"busy":{})",
      json_string(follow.ns), json_string(follow.url), json_string(follow.branch), follow.push,
      follow.prune, follow.every, status.busy);
  append_text(out, "folder", follow.folder);
  append_commit(out, "applied", book.applied);
  append_time(out, "applied_at", book.applied_at);
  append_commit(out, "seen", book.seen);
  append_time(out, "looked_at", status.looked_at);
  append_time(out, "next_at", status.next_at);
  append_text(out, "problem", problem_of(status));
  out += R"(,"errors":[)";
  for (const GitFlaw& flaw : book.flaws) {
    if (&flaw != book.flaws.data()) out += ',';
    append_flaw(out, flaw);
  }
  out += R"(],"edits":[)";
  for (const std::string& edit : status.edits) {
    if (&edit != status.edits.data()) out += ',';
    append_json_string(out, edit);
  }
  return out + "]}";
}

std::string git_as_json(const GitStatus& status,
                        const std::function<bool(const FollowStatus&)>& shows) {
  std::string out = R"({"follows":[)";
  bool first = true;
  for (const FollowStatus& one : status.follows) {
    if (!shows(one)) continue;
    if (!first) out += ",\n";
    first = false;
    out += follow_as_json(one);
  }
  out += ']';
  append_text(out, "problem", status.problem);
  return out + '}';
}

void append_git_place(std::string& out, const std::string& file) {
  const auto place = parse_git_place(file);
  if (!place.has_value()) return;
  fmt::format_to(std::back_inserter(out), R"(,"git":{{"commit":"{}","path":{},"edited":{}}})",
                 place->commit, json_string(place->path), place->edited);
}

}  // namespace cordyna
