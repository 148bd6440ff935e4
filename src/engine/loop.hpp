/// What a `foreach` has while it runs: its items, how far it is, and the lanes that its items use.
///
/// An item costs two bits; only a live one has a lane, which the next item takes over.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/flow.hpp"

namespace cordyna::engine {

inline constexpr std::uint32_t kItemsMax = 1'000'000;
inline constexpr std::size_t kResultsBytesMax = std::size_t{1} << 20;
inline constexpr std::uint32_t kNoLane = 0xffff'ffff;

/// The items of a list or a range, each as JSON.
class Items {
 public:
  /// `json`: a list, or {"from":1,"to":9,"step":2}; both ends belong to a range.
  /// Errors: kInvalidArgument: neither, a step of 0, or more than kItemsMax items.
  [[nodiscard]] static Result<Items> parse(std::string json);
  /// So many items of which nothing is known: all are null.
  [[nodiscard]] static Items unknown(std::uint32_t count);

  [[nodiscard]] std::uint32_t size() const { return count_; }
  [[nodiscard]] std::string at(std::uint32_t item) const;
  /// Names the items: the same text gives the same.
  [[nodiscard]] std::uint64_t hash() const;

 private:
  [[nodiscard]] static Result<Items> parse_range(std::string_view json);

  std::string json_;                  // of a list
  std::vector<std::uint32_t> begin_;  // of each item in it, and behind the last
  std::int64_t from_ = 0;
  std::int64_t step_ = 0;
  std::uint32_t count_ = 0;
};

struct Loop {
  Items items;
  std::vector<bool> begun;  // by item
  std::vector<bool> ended;
  std::map<std::uint32_t, std::uint32_t> lanes;  // of the items that run
  std::vector<std::uint32_t> to_fold;            // lanes whose item may have ended
  std::map<std::uint32_t, std::string> results;  // JSON objects by item
  std::size_t results_bytes = 0;
  std::uint32_t next = 0;  // no item before has not begun
  std::uint32_t completed = 0;
  std::uint32_t failed = 0;
  std::uint32_t first_failed = kItemsMax;
  std::string broken;  // why no further item may begin; empty: nothing is wrong

  void begin_items(Items all);
  void end_item(std::uint32_t item, bool ended_badly, std::string result);
  /// JSON object: the outputs of the foreach.
  [[nodiscard]] std::string outputs() const;
  [[nodiscard]] bool results_too_large() const { return results_bytes > kResultsBytesMax; }
  [[nodiscard]] std::string progress() const;
};

/// Adds the outputs of a task to the result of its item, which lacks its last brace.
void append_result(std::string& result, std::string_view name, std::string_view outputs);

/// State of the tasks of one item: a block of instances.
struct Lane {
  TaskIndex loop = kNoTask;  // the foreach, as an instance
  TaskIndex loop_spec = 0;   // its place in the flow
  TaskIndex base = 0;        // of the block
  std::uint32_t item = 0;
  std::uint32_t open = 0;      // tasks that have not ended
  std::uint32_t children = 0;  // foreach inside whose items run
  bool to_fold = false;
  std::string prefix;  // "load[3]"
};

/// The tasks inside of one foreach of the flow.
struct Body {
  TaskIndex size = 0;  // with those of foreach inside of it
  TaskIndex own = 0;   // without them
  std::vector<std::uint32_t> free;
};

/// Whether the path of a task has items in it: "load[3]/get".
[[nodiscard]] inline bool stands_in_item(std::string_view path) {
  return path.find('[') != std::string_view::npos;
}

}  // namespace cordyna::engine
