/// Where the events of a flow's input go: kept by cerebro, with the input's position, before `send`
/// returns.
///
/// Threads: as EventSink says.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "cerebro/cerebro.hpp"
#include "cordyna/input.hpp"
#include "input/host/flow_input.hpp"
#include "ports/evaluator.hpp"
#include "ports/store.hpp"

namespace cordyna::input {

/// {"location":…,"operation":…,"id":…,"at":…,"data":…}: what a run sees of an event, but for its
/// trigger and its key. Pure.
[[nodiscard]] std::string payload_of(const Event& event);

/// The key of an event whose `dedupe` gave `value`, apart from those that inputs make; empty: the
/// value is none, for it is empty, too long or has control characters. Pure.
[[nodiscard]] std::string dedupe_key(const std::string& value);

/// Who hears how it goes.
struct FlowSinkTold {
  std::function<void(const Error&)> waits;        ///< why nothing is taken for a while
  std::function<void(std::size_t, Millis)> kept;  ///< how many, and when the last one happened
  std::function<void(const std::string&)> told;   ///< as EventSink::tell
  std::function<void(const std::string&)> fails;  ///< as EventSink::fails
};

class FlowSink final : public EventSink {
 public:
  /// `dedupe`: as ListenSpec has it. Borrows the reader, cerebro and the evaluator.
  FlowSink(FlowInputId id, std::vector<Operation> operations, std::string dedupe,
           StoreReader& reader, std::string position, Cerebro& cerebro, const Evaluator& evaluator,
           std::stop_token stop, FlowSinkTold told);

  using EventSink::send;
  [[nodiscard]] Result<> send(std::span<const Event> events, std::string position) override {
    return send_with(events, std::move(position), {});
  }
  [[nodiscard]] std::string position() const override { return position_; }
  [[nodiscard]] Result<> send_with(std::span<const Event> events, std::string position,
                                   std::span<const Mark> marks) override;
  [[nodiscard]] Result<std::vector<Mark>> marks(std::string_view after,
                                                std::size_t limit) const override;
  void tell(const std::string& problem) override { told_.told(problem); }
  void fails(const std::string& problem) override { told_.fails(problem); }

 private:
  [[nodiscard]] Result<> keep(const IntakeRequest& request);
  [[nodiscard]] std::string key_of(const Event& event, const std::string& payload) const;

  FlowInputId id_;
  std::vector<Operation> operations_;
  std::string dedupe_;
  StoreReader& reader_;
  std::string position_;
  Cerebro& cerebro_;
  const Evaluator& evaluator_;
  std::stop_token stop_;
  FlowSinkTold told_;
};

}  // namespace cordyna::input
