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
#include "base/time.hpp"
#include "cerebro/cerebro.hpp"
#include "cordyna/input.hpp"
#include "input/host/flow_input.hpp"
#include "ports/evaluator.hpp"

namespace cordyna::input {

/// {"location":…,"operation":…,"id":…,"at":…,"data":…}: what a run sees of an event, but for its
/// trigger and its key. Pure.
[[nodiscard]] std::string payload_of(const Event& event);

/// The key of an event whose `dedupe` gave `value`, apart from those that inputs make; empty: the
/// value is none, for it is empty, too long or has control characters. Pure.
[[nodiscard]] std::string dedupe_key(const std::string& value);

class FlowSink final : public EventSink {
 public:
  /// `dedupe`: as ListenSpec has it. `waits` is told why nothing is taken for a while; `kept`, how
  /// many events were, and when the last of them happened. Borrows cerebro and the evaluator.
  FlowSink(FlowInputId id, std::vector<Operation> operations, std::string dedupe,
           std::string position, Cerebro& cerebro, const Evaluator& evaluator, std::stop_token stop,
           std::function<void(const Error&)> waits, std::function<void(std::size_t, Millis)> kept);

  using EventSink::send;
  [[nodiscard]] Result<> send(std::span<const Event> events, std::string position) override;
  [[nodiscard]] std::string position() const override { return position_; }

 private:
  [[nodiscard]] Result<> keep(const IntakeRequest& request);
  [[nodiscard]] std::string key_of(const Event& event, const std::string& payload) const;

  FlowInputId id_;
  std::vector<Operation> operations_;
  std::string dedupe_;
  std::string position_;
  Cerebro& cerebro_;
  const Evaluator& evaluator_;
  std::stop_token stop_;
  std::function<void(const Error&)> waits_;
  std::function<void(std::size_t, Millis)> kept_;
};

}  // namespace cordyna::input
