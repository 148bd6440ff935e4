/// What the flows behind a change make of what it makes: rows that tests of the changed flows have
/// made are given to those that read them, to the contracts at each border and to their own tests.
///
/// Threads: one.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/flow_network.hpp"
#include "flow/case_file.hpp"
#include "flowtest/case_run.hpp"
#include "mesh/impact.hpp"
#include "ports/plugin_types.hpp"

namespace cordyna::cli {

/// A place at which data goes from one flow to another, and what became of the rows there.
struct Border {
  mesh::Edge edge;
  std::size_t rows = 0;  ///< that were tried
  std::string untried;   ///< why none were; empty: they were
};

struct DownstreamParts {
  const PluginTypes* plugin_types = nullptr;
  /// Of each test anew; the wanted tables are added.
  std::function<flowtest::CasePorts()> ports;
};

class Downstream {
 public:
  /// Borrows all.
  Downstream(const FlowNetwork& network, const mesh::Impact& impact, DownstreamParts parts);

  /// Errors: those of reading files of tests. False: it was interrupted.
  [[nodiscard]] Result<bool> run();

  [[nodiscard]] const std::vector<Border>& borders() const { return borders_; }
  [[nodiscard]] const std::vector<mesh::Break>& breaks() const { return breaks_; }
  /// Files of tests of the flows that change and of those behind them, where they have some.
  [[nodiscard]] std::vector<std::string> test_files() const;

 private:
  using Rows = std::vector<std::string>;
  /// Rows of each make of a flow, from its first test that shares some.
  using Samples = std::map<std::size_t, Rows>;

  [[nodiscard]] std::vector<std::string> in_order() const;
  [[nodiscard]] const mesh::Node* node_after(const std::string& flow) const;
  [[nodiscard]] std::string tests_of(const std::string& flow) const;
  Result<> try_flow(const std::string& name, bool is_changed);
  Result<Samples> samples_of(const mesh::Node& node, const flow::CaseFile& file,
                             const std::map<TaskIndex, Rows>& given);
  Result<> pass_on(const std::string& from, const Samples& samples);
  /// Whether they are taken there.
  Result<bool> try_border(const mesh::Edge& edge, const Rows& rows);
  void add_break(const mesh::Edge& edge, std::string what);

  const FlowNetwork& network_;
  const mesh::Impact& impact_;
  DownstreamParts parts_;
  mesh::Mesh after_;
  std::vector<mesh::Edge> edges_;  // after the change, from flows that change or lie behind
  std::map<std::string, std::map<TaskIndex, Rows>> given_;  ///< to flows, by the task that reads
  std::map<std::string, std::string> from_;  ///< flow → the first border over which it got rows
  std::vector<Border> borders_;
  std::vector<mesh::Break> breaks_;
  bool interrupted_ = false;
};

}  // namespace cordyna::cli
