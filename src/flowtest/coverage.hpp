/// What of a flow its tests have reached: tasks, cases, both sides of conditions, retries.
///
/// Pure. Threads: none.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "flowtest/case_run.hpp"
#include "model/flow.hpp"

namespace cordyna::flowtest {

class Coverage {
 public:
  explicit Coverage(const Flow& flow);

  void add(const CaseEnd& end);

  struct Branch {
    std::string task;
    std::string what;        ///< "runs", "run_if is true", "case full", "a retry", "its errors"
    std::uint32_t line = 0;  ///< of the task in the flow
    bool reached = false;

    bool operator==(const Branch&) const = default;
  };
  /// In the order of the flow.
  [[nodiscard]] const std::vector<Branch>& branches() const { return branches_; }
  [[nodiscard]] std::size_t reached() const;

 private:
  [[nodiscard]] bool is_reached(const Branch& branch, const CaseEnd& end) const;

  std::vector<Branch> branches_;
};

}  // namespace cordyna::flowtest
