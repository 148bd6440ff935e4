/// A small life over a state: orders come in, are decided and saved, and their tasks run.
///
/// `Orders` remembers what was confirmed, across owners that stop, crash or lose their power, and
/// checks at the end that all of it is there, once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "faults/fault_vfs.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"

namespace cordyna::faults {

/// Which operation a fault hits after the `at`-th one: each in `./dev test --long`, else each of
/// the first twenty, when an owner makes and opens its files, and then each third.
[[nodiscard]] std::uint64_t next_operation(std::uint64_t at);

/// A line for each.
[[nodiscard]] std::string text(const std::vector<std::string>& flaws);

struct OrderSettings {
  std::size_t orders = 3;
  std::size_t output_bytes = 200;  ///< of each task
};

class Orders {
 public:
  explicit Orders(OrderSettings settings = {});
  ~Orders();
  Orders(const Orders&) = delete;
  Orders& operator=(const Orders&) = delete;

  /// So many orders in all.
  void want(std::size_t orders) { settings_.orders = orders; }

  /// A life of an owner: takes up what is there, asks for every order that is not confirmed, and
  /// goes on until all have ended. A full disk is waited for: at the third refusal in a row it is
  /// healed. Errors: what the store said: this owner has stopped.
  [[nodiscard]] Result<> live(FaultVfs& disk);
  /// How often a full disk was waited for.
  [[nodiscard]] std::size_t waits() const { return waits_; }
  [[nodiscard]] std::size_t confirmed() const { return begun_.size(); }

  /// What another process found out: order `number` has this run; it has ended.
  void learn(std::size_t number, RunNo run, bool ended);
  /// Called at each confirmation, with the number of the order.
  std::function<void(std::size_t number, RunNo run, bool ended)> tell;

  /// The machine was started anew: nobody knows how the owner before ended.
  void restart_machine();
  /// A disk that lied: what was confirmed is no promise any more, and is asked for again.
  void forget();
  [[nodiscard]] std::string database() const { return layout_.database(); }

  /// With a disk that works: what is wrong with the state, in a line each; nothing is.
  [[nodiscard]] std::vector<std::string> flaws();

 private:
  class Life;

  OrderSettings settings_;
  std::string folder_;
  StateLayout layout_;
  std::map<std::size_t, RunNo> begun_;  ///< orders whose run was confirmed
  std::map<RunNo, bool> ended_;         ///< runs whose end was
  std::size_t waits_ = 0;
};

}  // namespace cordyna::faults
