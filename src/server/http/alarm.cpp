#include "server/http/alarm.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace cordyna::server {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Clock::time_point kNever = Clock::time_point::max();

}  // namespace

struct Alarm::State {
  using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                                  boost::asio::io_context::executor_type>;
  State(boost::asio::io_context& io, std::function<void()> when_due)
      : timer(io), ring(std::move(when_due)) {}
  Timer timer;
  std::function<void()> ring;
  Clock::time_point due = kNever;
  Clock::time_point armed = kNever;  ///< when the timer ends; not later than `due`
};

Alarm::Alarm(boost::asio::io_context& io, std::function<void()> ring)
    : state_(std::make_shared<State>(io, std::move(ring))) {}

Alarm::~Alarm() = default;

void Alarm::arm(const std::shared_ptr<State>& state) {
  state->armed = state->due;
  state->timer.expires_at(state->due);
  // A wait that has ended already cannot be cancelled: it is called after the alarm has gone.
  state->timer.async_wait([weak = std::weak_ptr<State>(state)](boost::system::error_code error) {
    const std::shared_ptr<State> mine = weak.lock();
    if (mine == nullptr || error) return;
    mine->armed = kNever;
    if (mine->due == kNever) return;
    if (Clock::now() < mine->due) return arm(mine);
    mine->due = kNever;
    mine->ring();
  });
}

void Alarm::set(Millis from_now) {
  state_->due = Clock::now() + std::chrono::milliseconds(from_now);
  if (state_->due < state_->armed) arm(state_);
}

void Alarm::stop() {
  state_->due = kNever;
}

}  // namespace cordyna::server
