#include "embed/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "cordyna/errors.hpp"

namespace cordyna::embed {
namespace {

constexpr std::size_t kIdMax = 128;

bool may_be_id(std::string_view id) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !id.empty() && id.size() <= kIdMax && std::ranges::all_of(id, fits);
}

}  // namespace

Result<> Links::add_input(const std::string& id) {
  return add(id, Kind::kInput);
}

Result<> Links::add_process(const std::string& id) {
  return add(id, Kind::kProcess);
}

Result<> Links::add(const std::string& id, Kind kind) {
  if (!may_be_id(id)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' may be no id: want 1 to {} letters, digits, '_', '-' or '.'",
                            fit(printable(id), 60), kIdMax));
  }
  const auto [at, added] = kinds_.emplace(id, kind);
  if (added) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("the id '{}' is taken by {}, which stays: inputs and processes need ids "
                          "that differ",
                          id, at->second == Kind::kInput ? "an input" : "a process"));
}

Result<> Links::add(std::string_view from, std::string_view to) {
  const auto source = kinds_.find(from);
  const auto target = kinds_.find(to);
  if (source == kinds_.end()) {
    Error error = unknown_process(std::string(from), std::string(to));
    error.message = fmt::format(
        "unable to link '{}' -> '{}': '{}' is neither an input nor a process: add it first",
        printable(from), printable(to), printable(from));
    return fail(std::move(error));
  }
  if (target == kinds_.end()) return fail(unknown_process(std::string(from), std::string(to)));
  if (target->second == Kind::kInput) {
    return fail(process_conversion(std::string(from), std::string(to), "an input"));
  }
  std::vector<std::string>& next = next_[source->first];
  if (std::ranges::find(next, to) != next.end()) {
    return fail(ErrorCode::kConflict, fmt::format("the link '{}' -> '{}' is there", from, to));
  }
  std::vector<std::string> way;
  if (find_way(target->first, source->first, way)) {
    return fail(ErrorCode::kConflict,
                fmt::format("the link '{}' -> '{}' closes a circle: {} -> {}; leave one of its "
                            "links out",
                            from, to, fmt::join(way, " -> "), to));
  }
  next.emplace_back(to);
  before_[target->first].emplace_back(from);
  return {};
}

/// `way` becomes the ids from `from` up to `to`.
bool Links::find_way(const std::string& from, const std::string& to,
                     std::vector<std::string>& way) const {
  // Where each was come to from.
  std::map<std::string, std::string, std::less<>> known{{from, ""}};
  std::vector<std::string> open{from};
  while (!open.empty()) {
    const std::string id = std::move(open.back());
    open.pop_back();
    if (id == to) {
      for (std::string at = to; !at.empty(); at = known.at(at)) way.push_back(at);
      std::ranges::reverse(way);
      return true;
    }
    const auto next = next_.find(id);
    if (next == next_.end()) continue;
    for (const std::string& one : next->second) {
      if (known.emplace(one, id).second) open.push_back(one);
    }
  }
  return false;
}

std::vector<Stage> Links::stages(const std::string& input) const {
  std::set<std::string, std::less<>> seen;
  std::vector<std::string> order;
  visit(input, seen, order);
  std::ranges::reverse(order);
  std::vector<Stage> stages;
  for (const std::string& id : order) {
    if (id == input) continue;
    Stage stage{id, {}};
    for (const std::string& other : before_.at(id)) {
      // Of the others, this input's events come through none.
      if (other != input && seen.contains(other)) stage.after.push_back(other);
    }
    stages.push_back(std::move(stage));
  }
  return stages;
}

/// Depth first, each when all behind it are in the order: reversed, causes come first.
void Links::visit(const std::string& id, std::set<std::string, std::less<>>& seen,
                  std::vector<std::string>& order) const {
  // With a list of one's own: as many links in a row as there are processes must not end the stack.
  std::vector<std::pair<std::string, std::size_t>> open{{id, 0}};
  seen.insert(id);
  while (!open.empty()) {
    auto& [at, child] = open.back();
    const auto next = next_.find(at);
    if (next == next_.end() || child == next->second.size()) {
      order.push_back(at);
      open.pop_back();
      continue;
    }
    // Backwards, so that in the end those that were linked first come first.
    const std::string& one = next->second[next->second.size() - 1 - child++];
    if (seen.insert(one).second) open.emplace_back(one, 0);
  }
}

}  // namespace cordyna::embed
