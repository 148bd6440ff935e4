/// What a change of some flows takes from others.
///
/// Only what was there before and would not be any more counts: what is wrong already is no break.
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mesh/mesh.hpp"

namespace cordyna::mesh {

enum class BreakKind : std::uint8_t {
  kFlowGone,    ///< a flow that is needed is not there any more
  kDataGone,    ///< data that is read is not made any more
  kColumnGone,  ///< of data that is read, a column
  kColumnType,  ///< of a column, its type
  kSlower,      ///< it comes more seldom than it is wanted
  kOutput,      ///< what a task gives has lost a field, or has it as another type
  kRows,        ///< rows that a test of the change has made break the reader's contract
};
[[nodiscard]] std::string_view to_string(BreakKind kind);

struct Break {
  BreakKind kind = BreakKind::kFlowGone;
  std::string flow;                   ///< whose it is: it cannot go on as it did
  std::string part;                   ///< of it: "task src"
  std::string owner;                  ///< of that part
  std::string from;                   ///< the flow that it takes from
  std::string data{};                 ///< for people; empty: the flow itself
  std::string what;                   ///< "column 'price' is gone: …"
  std::vector<std::string> causes{};  ///< the smallest set of changed flows that it takes

  /// The same break, whatever its words.
  [[nodiscard]] std::string key() const;
};

/// What breaks where a part of a flow takes something.
[[nodiscard]] Break break_at(const Edge& edge, BreakKind kind, std::string what);

/// What a flow would become. Null flow: it is removed.
struct Change {
  std::string name;
  std::shared_ptr<const Flow> flow;
};

struct Impact {
  std::vector<std::string> changed;  ///< flows that are new, other or gone, by name
  Behind behind;                     ///< what may notice it, by the edges of before and after
  std::vector<Break> breaks;         ///< by owner and flow
};

/// What is broken between `before` and `after`; causes are not looked for.
[[nodiscard]] std::vector<Break> breaks_between(const Mesh& before, const Mesh& after);

/// Changes that leave a flow as it is (by its hash) are none. `now`: as of node_of.
[[nodiscard]] Impact impact_of(const Mesh& before, const std::vector<Change>& changes, Millis now);

/// Looks for the smallest set of changes with which it still breaks: those that can be left out one
/// after the other are. `breaks`: whether a set of changes (places in the list) has the break.
[[nodiscard]] std::vector<std::size_t> smallest(
    std::size_t changes, const std::function<bool(const std::set<std::size_t>&)>& breaks);

}  // namespace cordyna::mesh
