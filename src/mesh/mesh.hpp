/// Many flows, and who reads what others make.
///
/// Pure. Threads: one at a time while flows are added, any afterwards.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mesh/node.hpp"

namespace cordyna::mesh {

/// A part of one flow that takes what another one gives.
struct Edge {
  std::string from;      ///< the flow that gives
  std::string to;        ///< and the one that takes
  std::string part;      ///< of `to`: "task src", "trigger done"
  std::string owner;     ///< of that part
  std::string data{};    ///< for people; empty: it is the flow itself that is needed
  std::size_t make = 0;  ///< of data: its place in the makes of `from`
  std::size_t take = 0;  ///< in the reads, or the links, of `to`
};

/// Data, with who has to do with it.
struct DataInfo {
  Dataset data;
  std::vector<std::string> makers;   ///< flows
  std::vector<std::string> readers;  ///< flows
  std::vector<Column> columns;       ///< as far as a contract says
};

class Mesh {
 public:
  /// One of the same name takes its place.
  void put(Node node) { nodes_.insert_or_assign(node.name, std::move(node)); }
  void remove(const std::string& name) { nodes_.erase(name); }

  [[nodiscard]] const std::map<std::string, Node>& nodes() const { return nodes_; }
  [[nodiscard]] const Node* find(const std::string& name) const;

  /// All that flows take from each other, by giver and taker. A flow takes nothing from itself.
  [[nodiscard]] std::vector<Edge> edges() const;
  /// Data that is made or read, by name.
  [[nodiscard]] std::vector<DataInfo> datasets() const;

 private:
  std::map<std::string, Node> nodes_;
};

/// Whether a part of a flow may read data that was made so.
[[nodiscard]] bool takes(const Use& read, const Use& made);

/// All flows that lie behind some of them, with the edges that lead there, each flow after one that
/// it takes from.
struct Behind {
  std::vector<std::string> flows;
  std::vector<Edge> edges;
};
[[nodiscard]] Behind behind(const std::vector<Edge>& edges, const std::set<std::string>& from);

}  // namespace cordyna::mesh
