#include "git/book_text.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <exception>
#include <utility>

namespace cordyna::git {
namespace {

namespace json = boost::json;

constexpr std::int64_t kBookVersion = 1;

std::string text_at(const json::object& from, std::string_view key) {
  const json::value* at = from.if_contains(key);
  return at == nullptr ? std::string() : std::string(at->as_string());
}

std::int64_t number_at(const json::object& from, std::string_view key) {
  const json::value* at = from.if_contains(key);
  return at == nullptr ? 0 : at->to_number<std::int64_t>();
}

json::object commit_json(const GitCommit& commit) {
  return {
      {"id", commit.id}, {"author", commit.author}, {"summary", commit.summary}, {"at", commit.at}};
}

GitCommit commit_at(const json::object& from, std::string_view key) {
  const json::value* at = from.if_contains(key);
  if (at == nullptr) return {};
  const json::object& commit = at->as_object();
  return {text_at(commit, "id"), text_at(commit, "author"), text_at(commit, "summary"),
          number_at(commit, "at")};
}

GitBook book_of(const json::object& from) {
  GitBook book;
  book.applied = commit_at(from, "applied");
  book.applied_at = number_at(from, "applied_at");
  book.seen = commit_at(from, "seen");
  book.problem = text_at(from, "problem");
  if (const json::value* flaws = from.if_contains("flaws"); flaws != nullptr) {
    for (const json::value& one : flaws->as_array()) {
      const json::object& flaw = one.as_object();
      book.flaws.push_back(
          {text_at(flaw, "file"), static_cast<std::uint32_t>(number_at(flaw, "line")),
           static_cast<std::uint32_t>(number_at(flaw, "column")), text_at(flaw, "message")});
    }
  }
  return book;
}

}  // namespace

std::string position_of(std::string_view ns) {
  return fmt::format("git/{}", ns);
}

std::string text_of(const GitBook& book) {
  json::object out{{"version", kBookVersion}, {"applied_at", book.applied_at}};
  if (!book.applied.id.empty()) out["applied"] = commit_json(book.applied);
  if (!book.seen.id.empty()) out["seen"] = commit_json(book.seen);
  if (!book.problem.empty()) out["problem"] = book.problem;
  json::array flaws;
  for (const GitFlaw& flaw : book.flaws) {
    flaws.push_back(json::object{{"file", flaw.file},
                                 {"line", flaw.line},
                                 {"column", flaw.column},
                                 {"message", flaw.message}});
  }
  if (!flaws.empty()) out["flaws"] = std::move(flaws);
  return json::serialize(out);
}

Result<GitBook> read_book(std::string_view text) {
  if (text.empty()) return GitBook();
  try {
    const json::value read = json::parse(text);
    const json::object& whole = read.as_object();
    if (number_at(whole, "version") != kBookVersion) {
      return fail(ErrorCode::kCorrupt, "what is saved of it is of another version of this program");
    }
    return book_of(whole);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("what is saved of it cannot be read: {}", error.what()));
  }
}

}  // namespace cordyna::git
