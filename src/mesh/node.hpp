/// A flow as its neighbours see it.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "mesh/dataset.hpp"
#include "model/flow.hpp"

namespace cordyna::mesh {

struct Column {
  std::string name;
  std::string type;
};

/// Data that a task reads or makes, or that a trigger waits for.
struct Use {
  Dataset data{};
  std::string part;          ///< "task src", "trigger rows"
  TaskIndex task = kNoTask;  ///< kNoTask: a trigger
  std::string owner{};
  /// Of what is read, as its contract says; of what is made, as far as contracts before it say.
  std::vector<Column> columns{};
  bool minds_missing = true;  ///< a column that is not there is an error
  bool minds_type = true;     ///< so is one of another type
  std::string sql{};  ///< of the connection that `data` is the front of: it names the tables
};

/// Another flow that goes before.
struct Link {
  std::string flow;   ///< "orders/load"
  std::string part;   ///< "task clean", "trigger done"
  Millis within = 0;  ///< how fresh it must be; 0: it runs first, or its end begins this
  std::string owner{};
};

struct Node {
  std::string name;  ///< "orders/load"
  std::string owner;
  std::string contacts{};  ///< as a declaration has them; empty: teams.yaml says
  std::shared_ptr<const Flow> flow;
  std::vector<Use> reads{};
  std::vector<Use> makes{};
  std::vector<Link> links{};
  Millis gap = 0;               ///< the longest time between two starts by a schedule; 0: none
  std::string output_schema{};  ///< of a declared task
};

/// `now`: where the schedules are looked at from.
[[nodiscard]] Node node_of(std::shared_ptr<const Flow> flow, Millis now);

}  // namespace cordyna::mesh
