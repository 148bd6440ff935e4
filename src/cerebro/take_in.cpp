#include "cerebro/take_in.hpp"

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

namespace cordyna {

Result<std::int64_t> take_in(Cerebro& cerebro, const IntakeRequest& request) {
  std::promise<Result<std::int64_t>> promise;
  auto answer = promise.get_future();
  cerebro.ask(request, std::nullopt,
              [&promise](Result<std::int64_t> result) { promise.set_value(std::move(result)); });
  return answer.get();
}

bool rest(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  return !never.wait_for(lock, stop, time, [&stop] { return stop.stop_requested(); });
}

}  // namespace cordyna
