/// Declarations of task servers become applied flows, one for each task.
///
/// Threads: one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/applied_flow.hpp"
#include "model/layout.hpp"
#include "network/network.hpp"
#include "ports/store.hpp"

namespace cordyna::server {

class Declarer {
 public:
  struct Plan {
    std::vector<FlowChange> changes;  ///< what cerebro is to be asked for
    std::vector<network::Rejection> rejected;
  };

  /// Borrows the reader.
  Declarer(const StateLayout& layout, StoreReader& reader) : layout_(layout), reader_(reader) {}

  /// What a declaration changes. Refused: a task that a flow, or another server that is `here`,
  /// has the name of; one that is no flow; tasks that need each other in a circle, over all teams.
  /// Errors: those of the store.
  [[nodiscard]] Result<Plan> plan(const network::Declaring& what,
                                  const std::function<bool(const network::ServerName&)>& here);
  /// These flows may have changed.
  void changed(const std::vector<AppliedFlowRow>& rows);

 private:
  /// What is known of an applied flow.
  struct Known {
    AppliedFlowRow row;
    network::ServerName server;  ///< that declared it; empty names: none did
    std::string owner;
    std::vector<std::string> needs;  ///< flows that go before it: "orders/load"
  };
  using Names = std::pair<std::string, std::string>;
  using ByName = std::unordered_map<std::string, Known>;

  void refuse_circles(const network::Declaring& what, const ByName& fresh,
                      std::map<std::string, std::string>& canonicals, Plan& plan) const;
  void add_removals(const network::Declaring& what, Plan& plan) const;
  [[nodiscard]] Result<> learn();
  [[nodiscard]] Result<> learn(const AppliedFlowRow& row);
  [[nodiscard]] const Known* find(const std::string& name, const ByName& fresh) const;
  [[nodiscard]] bool has_circle(const std::vector<std::string>& from, const ByName& fresh) const;
  [[nodiscard]] std::string circle_of(const std::string& name, const ByName& fresh) const;

  StateLayout layout_;
  StoreReader& reader_;
  bool learned_ = false;
  std::set<Names> stale_;
  ByName known_;  // by "orders/load"
};

}  // namespace cordyna::server
