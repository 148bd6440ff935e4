/// The inbox: many threads push, one drains whatever is there.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace cordyna {

/// A queue with a bound. A full queue slows its sources down; it never drops.
///
/// Threads: any thread pushes; one thread drains. `close` wakes everybody.
template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Waits while the queue is full. False: the queue is closed, and `item` was not taken.
  bool push(T item) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [this] { return items_.size() < capacity_ || closed_; });
    return put(std::move(item), lock);
  }

  /// For the thread that drains: it must not wait for itself, so the bound does not hold for it.
  bool push_unbounded(T item) {
    std::unique_lock lock(mutex_);
    return put(std::move(item), lock);
  }

  /// Everything that is there, in order; waits for the first item until `deadline`, if one is
  /// given. Empty: the deadline passed, `wake` was called, or the queue is closed and drained.
  std::vector<T> drain(std::optional<std::chrono::steady_clock::time_point> deadline) {
    std::vector<T> taken;
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !items_.empty() || closed_ || woken_; };
    if (deadline.has_value()) {
      not_empty_.wait_until(lock, *deadline, ready);
    } else {
      not_empty_.wait(lock, ready);
    }
    woken_ = false;
    taken.swap(items_);
    lock.unlock();
    not_full_.notify_all();
    return taken;
  }

  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    not_empty_.notify_one();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    not_empty_.notify_all();
    not_full_.notify_all();
  }

  [[nodiscard]] bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  bool put(T item, std::unique_lock<std::mutex>& lock) {
    if (closed_) return false;
    items_.push_back(std::move(item));
    const bool first = items_.size() == 1;
    lock.unlock();  // or the thread that is woken would wait for it at once
    if (first) not_empty_.notify_one();
    return true;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable not_empty_;
  std::condition_variable not_full_;
  std::vector<T> items_;
  bool closed_ = false;
  bool woken_ = false;
};

}  // namespace cordyna
