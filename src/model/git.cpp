#include "model/git.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/identity.hpp"

namespace cordyna {
namespace {

constexpr std::string_view kGitPrefix = "git:";
constexpr std::size_t kCommitDigits = 40;
constexpr std::size_t kMarkDigits = 16;
constexpr std::size_t kShortDigits = 10;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char digit) {
    return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
  });
}

}  // namespace

const GitFollow* follow_of(const GitPlan& plan, std::string_view ns) {
  const auto found = std::ranges::find_if(
      plan.follows, [ns](const GitFollow& one) { return reaches(one.ns, ns); });
  return found == plan.follows.end() ? nullptr : &*found;
}

std::string to_string(const GitPlace& place) {
  if (!place.edited) return fmt::format("{}{}:{}", kGitPrefix, place.commit, place.path);
  return fmt::format("{}{}+{}:{}", kGitPrefix, place.commit, place.base, place.path);
}

std::optional<GitPlace> parse_git_place(std::string_view file) {
  if (!file.starts_with(kGitPrefix)) return std::nullopt;
  file.remove_prefix(kGitPrefix.size());
  GitPlace place;
  place.commit = file.substr(0, kCommitDigits);
  if (place.commit.size() != kCommitDigits || !is_hex(place.commit)) return std::nullopt;
  file.remove_prefix(kCommitDigits);
  const std::size_t colon = file.find(':');
  if (colon == std::string_view::npos || colon + 1 == file.size()) return std::nullopt;
  place.path = file.substr(colon + 1);
  if (colon == 0) return place;
  place.edited = true;
  place.base = file.substr(1, colon - 1);
  const bool good = place.base.empty() || place.base.size() == kMarkDigits;
  if (file.front() != '+' || !good || !is_hex(place.base)) return std::nullopt;
  return place;
}

std::string text_mark(std::string_view sha256) {
  return std::string(sha256.substr(0, kMarkDigits));
}

std::string_view short_commit(std::string_view commit) {
  return commit.substr(0, kShortDigits);
}

std::string to_string(const GitFlaw& flaw) {
  if (flaw.file.empty()) return flaw.message;
  if (flaw.line == 0) return fmt::format("{}: {}", flaw.file, flaw.message);
  return fmt::format("{}:{}:{}: {}", flaw.file, flaw.line, flaw.column, flaw.message);
}

std::string problem_of(const FollowStatus& status) {
  const GitBook& book = status.book;
  if (book.flaws.empty()) return book.problem;
  std::string out =
      fmt::format("commit {} of branch {} cannot be applied: {}", short_commit(book.seen.id),
                  status.follow.branch, to_string(book.flaws.front()));
  if (book.flaws.size() > 1) out += fmt::format(" (and {} more)", book.flaws.size() - 1);
  return out;
}

}  // namespace cordyna
