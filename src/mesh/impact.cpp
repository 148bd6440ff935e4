#include "mesh/impact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace cordyna::mesh {
namespace {

namespace json = boost::json;

/// A part that takes something, whatever it is called where it comes from.
std::string taker_key(const Edge& edge) {
  return edge.to + "\n" + edge.part + "\n" + edge.from + "\n" + edge.data;
}

/// The top-level properties of a JSON Schema, with their types; nullopt: it says nothing of them.
std::optional<std::map<std::string, std::string>> properties_of(const std::string& schema) {
  json::error_code error;
  const json::value whole = json::parse(schema.empty() ? "{}" : schema, error);
  if (error || !whole.is_object()) return std::nullopt;
  const json::value* const properties = whole.get_object().if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return std::nullopt;
  std::map<std::string, std::string> found;
  for (const auto& [name, value] : properties->get_object()) {
    const json::value* const type =
        value.is_object() ? value.get_object().if_contains("type") : nullptr;
    found[std::string(name)] =
        type != nullptr && type->is_string() ? std::string(type->get_string()) : std::string();
  }
  return found;
}

class Comparison {
 public:
  Comparison(const Mesh& before, const Mesh& after) : before_(before), after_(after) {
    for (Edge& edge : after.edges()) now_.emplace(taker_key(edge), std::move(edge));
  }

  std::vector<Break> run() {
    for (const Edge& was : before_.edges()) look(was);
    std::ranges::stable_sort(breaks_, {}, [](const Break& one) {
      return std::tie(one.owner, one.flow, one.part, one.from);
    });
    return std::move(breaks_);
  }

 private:
  void look(const Edge& was) {
    const Node* const taker = after_.find(was.to);
    if (taker == nullptr) return;  // it goes, too
    const auto now = now_.find(taker_key(was));
    if (now != now_.end())
      return was.data.empty() ? look_at_link(was, now->second) : look_at_data(was, now->second);
    const Node* const giver = after_.find(was.from);
    if (!still_takes(was, *taker)) return;  // it wants it no more
    if (was.data.empty()) {
      add(break_at(was, BreakKind::kFlowGone,
                   fmt::format("flow {} is gone, and {} needs it", was.from, was.to)));
    } else if (!is_made(was, *taker)) {
      add(break_at(
          was, BreakKind::kDataGone,
          giver == nullptr
              ? fmt::format("{} is made by nobody any more: flow {} is gone", was.data, was.from)
              : fmt::format("{} is made by nobody any more: {} shares it no longer", was.data,
                            was.from)));
    }
  }

  /// Whether the part is there, and wants what it wanted.
  [[nodiscard]] bool still_takes(const Edge& was, const Node& taker) const {
    const Node& before = *before_.find(was.to);
    if (was.data.empty()) {
      return std::ranges::any_of(taker.links, [&](const Link& link) {
        return link.part == was.part && link.flow == was.from;
      });
    }
    return std::ranges::any_of(taker.reads, [&](const Use& read) {
      return read.part == was.part && read.data.id == before.reads[was.take].data.id;
    });
  }

  /// Whether anybody makes it: another flow may do so now.
  [[nodiscard]] bool is_made(const Edge& was, const Node& taker) const {
    const Use& read = before_.find(was.to)->reads[was.take];
    return std::ranges::any_of(after_.nodes(), [&](const auto& one) {
      return one.first != taker.name && std::ranges::any_of(one.second.makes, [&](const Use& made) {
               return takes(read, made);
             });
    });
  }

  void look_at_link(const Edge& was, const Edge& now) {
    const Node& giver = *after_.find(now.from);
    const Node& gave = *before_.find(was.from);
    look_at_output(now, gave.output_schema, giver.output_schema);
    const Millis within = after_.find(now.to)->links[now.take].within;
    // Each run that finds it too old begins it: what was there, fresh, has to be waited for.
    if (within > 0 && gave.gap > 0 && gave.gap <= within &&
        (giver.gap > within || giver.gap == 0)) {
      add(break_at(now, BreakKind::kSlower,
                   fmt::format("{} came every {} and {}; {} wants it no older than {}", giver.name,
                               text_of(gave.gap), seldom(giver.gap), now.to, text_of(within))));
    }
  }

  void look_at_output(const Edge& now, const std::string& was, const std::string& is) {
    const auto had = properties_of(was);
    const auto has = properties_of(is);
    if (!had.has_value() || !has.has_value()) return;
    for (const auto& [name, type] : *had) {
      const auto found = has->find(name);
      if (found == has->end()) {
        add(break_at(
            now, BreakKind::kOutput,
            fmt::format("output '{}' of {} is gone{}", name, now.from, renamed(*had, *has))));
      } else if (found->second != type && !type.empty() && !found->second.empty()) {
        add(break_at(now, BreakKind::kOutput,
                     fmt::format("output '{}' of {} was of type {} and is of type {}", name,
                                 now.from, type, found->second)));
      }
    }
  }

  void look_at_data(const Edge& was, const Edge& now) {
    const Node& giver = *after_.find(now.from);
    const Node& gave = *before_.find(was.from);
    const Use& read = after_.find(now.to)->reads[now.take];
    look_at_columns(now, read, gave.makes[was.make].columns, giver.makes[now.make].columns);
    const Millis wanted = after_.find(now.to)->gap;
    if (wanted > 0 && gave.gap > 0 && gave.gap <= wanted &&
        (giver.gap > wanted || giver.gap == 0)) {
      add(break_at(now, BreakKind::kSlower,
                   fmt::format("{} was made every {} and {}; {} reads it every {}", now.data,
                               text_of(gave.gap), seldom(giver.gap), now.to, text_of(wanted))));
    }
  }

  void look_at_columns(const Edge& now, const Use& read, const std::vector<Column>& had,
                       const std::vector<Column>& has) {
    if (has.empty()) return;  // nobody knows: a test may say
    for (const Column& wanted : read.columns) {
      const auto was = std::ranges::find(had, wanted.name, &Column::name);
      const auto is = std::ranges::find(has, wanted.name, &Column::name);
      if (!had.empty() && was == had.end()) continue;  // it was not there before
      if (is == has.end()) {
        if (!read.minds_missing) continue;
        add(break_at(now, BreakKind::kColumnGone,
                     fmt::format("column '{}' of {} is gone{}", wanted.name, now.data,
                                 fresh_columns(had, has))));
      } else if (read.minds_type && was != had.end() && was->type != is->type &&
                 is->type != wanted.type) {
        add(break_at(now, BreakKind::kColumnType,
                     fmt::format("column '{}' of {} was {} and is {}; {} wants {}", wanted.name,
                                 now.data, was->type, is->type, now.to, wanted.type)));
      }
    }
  }

  /// What may be its new name.
  static std::string fresh_columns(const std::vector<Column>& had, const std::vector<Column>& has) {
    std::string names;
    for (const Column& one : has) {
      if (std::ranges::find(had, one.name, &Column::name) != had.end()) continue;
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", one.name);
    }
    return names.empty() ? std::string() : fmt::format("; new there: {}", names);
  }
  static std::string renamed(const std::map<std::string, std::string>& had,
                             const std::map<std::string, std::string>& has) {
    std::string names;
    for (const auto& [name, type] : has) {
      if (!had.contains(name)) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", name);
    }
    return names.empty() ? std::string() : fmt::format("; new there: {}", names);
  }

  /// "1d", "6h", "90m": in the largest unit that it is a whole number of.
  static std::string text_of(Millis time) {
    static constexpr std::array<std::pair<Millis, std::string_view>, 4> kUnits{
        {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}}};
    for (const auto& [millis, name] : kUnits) {
      if (time % millis == 0) return fmt::format("{}{}", time / millis, name);
    }
    return fmt::format("{}ms", time);
  }
  static std::string seldom(Millis gap) {
    return gap == 0 ? std::string("has no schedule any more")
                    : fmt::format("would come every {}", text_of(gap));
  }

  void add(Break found) { breaks_.push_back(std::move(found)); }

  const Mesh& before_;
  const Mesh& after_;
  std::multimap<std::string, Edge> now_;
  std::vector<Break> breaks_;
};

Mesh with(const Mesh& before, const std::vector<Change>& changes, const std::set<std::size_t>& used,
          Millis now) {
  Mesh after = before;
  for (const std::size_t i : used) {
    if (changes[i].flow == nullptr) {
      after.remove(changes[i].name);
    } else {
      after.put(node_of(changes[i].flow, now));
    }
  }
  return after;
}

}  // namespace

std::string_view to_string(BreakKind kind) {
  switch (kind) {
    case BreakKind::kFlowGone: return "flow gone";
    case BreakKind::kDataGone: return "data gone";
    case BreakKind::kColumnGone: return "column gone";
    case BreakKind::kColumnType: return "column type";
    case BreakKind::kSlower: return "slower";
    case BreakKind::kOutput: return "output";
    case BreakKind::kRows: return "rows";
  }
  return "";
}

Break break_at(const Edge& edge, BreakKind kind, std::string what) {
  return {.kind = kind,
          .flow = edge.to,
          .part = edge.part,
          .owner = edge.owner,
          .from = edge.from,
          .data = edge.data,
          .what = std::move(what)};
}

std::string Break::key() const {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", to_string(kind), flow, part, from, data, what);
}

std::vector<Break> breaks_between(const Mesh& before, const Mesh& after) {
  return Comparison(before, after).run();
}

std::vector<std::size_t> smallest(std::size_t changes,
                                  const std::function<bool(const std::set<std::size_t>&)>& breaks) {
  std::set<std::size_t> used;
  for (std::size_t i = 0; i < changes; ++i) used.insert(i);
  for (std::size_t i = 0; i < changes; ++i) {
    std::set<std::size_t> fewer = used;
    fewer.erase(i);
    if (!fewer.empty() && breaks(fewer)) used = std::move(fewer);
  }
  return {used.begin(), used.end()};
}

Impact impact_of(const Mesh& before, const std::vector<Change>& given, Millis now) {
  std::vector<Change> changes;
  for (const Change& one : given) {
    const Node* const was = before.find(one.name);
    const bool same =
        one.flow == nullptr ? was == nullptr : was != nullptr && was->flow->hash == one.flow->hash;
    if (!same) changes.push_back(one);
  }
  Impact impact;
  std::set<std::size_t> all;
  std::set<std::string> names;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    all.insert(i);
    names.insert(changes[i].name);
  }
  impact.changed.assign(names.begin(), names.end());
  const Mesh after = with(before, changes, all, now);
  std::vector<Edge> edges = before.edges();
  std::set<std::string> known;
  for (const Edge& edge : edges) known.insert(taker_key(edge));
  for (Edge& edge : after.edges()) {
    if (known.insert(taker_key(edge)).second) edges.push_back(std::move(edge));
  }
  impact.behind = behind(edges, names);
  impact.breaks = breaks_between(before, after);
  for (Break& found : impact.breaks) {
    const auto used = smallest(changes.size(), [&](const std::set<std::size_t>& few) {
      const auto left = breaks_between(before, with(before, changes, few, now));
      return std::ranges::find(left, found.key(), &Break::key) != left.end();
    });
    for (const std::size_t i : used) found.causes.push_back(changes[i].name);
  }
  return impact;
}

}  // namespace cordyna::mesh
