/// Where the events of a flow's input go: kept by cerebro, with the input's position, before `send`
/// returns.
///
/// Threads: as EventSink says.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "cordyna/input.hpp"

namespace cordyna::input {

struct FlowInputId {
  std::string ns;
  std::string flow_id;
  std::string trigger;
  auto operator<=>(const FlowInputId&) const = default;

  /// "acme/orders/rows", which is also what its position is kept under.
  [[nodiscard]] std::string text() const;
  /// As a database knows it: "acme.orders.rows"; of one that is too long for that, the beginning
  /// and a hash.
  [[nodiscard]] std::string short_text() const;
};

/// {"location":…,"operation":…,"id":…,"at":…,"data":…}: what a run sees of an event, but for its
/// trigger and its key. Pure.
[[nodiscard]] std::string payload_of(const Event& event);

class FlowSink final : public EventSink {
 public:
  /// `waits` is told why nothing is taken for a while. Borrows cerebro.
  FlowSink(FlowInputId id, std::vector<Operation> operations, std::string position,
           Cerebro& cerebro, std::stop_token stop, std::function<void(const Error&)> waits,
           std::function<void(std::size_t)> kept);

  using EventSink::send;
  [[nodiscard]] Result<> send(std::span<const Event> events, std::string position) override;
  [[nodiscard]] std::string position() const override { return position_; }

 private:
  [[nodiscard]] Result<> keep(const IntakeRequest& request);

  FlowInputId id_;
  std::vector<Operation> operations_;
  std::string position_;
  Cerebro& cerebro_;
  std::stop_token stop_;
  std::function<void(const Error&)> waits_;
  std::function<void(std::size_t)> kept_;
};

}  // namespace cordyna::input
