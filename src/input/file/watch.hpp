/// What the kernel tells of watched folders.
///
/// Threads: one at a time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "input/file/tree.hpp"

namespace cordyna::input {

enum class HeardOf : std::uint8_t {
  kWritten,
  kClosed,
  kChanged,
  kMoved,
  kGone,
  kFolderCame,
  kFolderWent,
  kRootWent,  ///< removed, renamed or unmounted
  kLost,      ///< more happened than could be told
};

struct Heard {
  HeardOf what = HeardOf::kLost;
  std::string path{};  ///< from the root

  bool operator==(const Heard&) const = default;
};

class FolderEvents {
 public:
  FolderEvents() = default;
  virtual ~FolderEvents() = default;
  FolderEvents(const FolderEvents&) = delete;
  FolderEvents& operator=(const FolderEvents&) = delete;

  /// Again does no harm. False: there can be no more watches; `problem` says why.
  [[nodiscard]] virtual bool watch(std::string_view path, int folder) = 0;
  [[nodiscard]] virtual std::string problem() const = 0;
  /// A folder, and those below it.
  virtual void forget(std::string_view path) = 0;
  /// What there is now; does not wait. Not all of it, where it is much.
  [[nodiscard]] virtual Result<std::vector<Heard>> take() = 0;
  /// Readable when there is something; -1: never.
  [[nodiscard]] virtual int descriptor() const = 0;
};

class Inotify final : public FolderEvents {
 public:
  Inotify();

  [[nodiscard]] bool watch(std::string_view path, int folder) override;
  [[nodiscard]] std::string problem() const override { return problem_; }
  void forget(std::string_view path) override;
  [[nodiscard]] Result<std::vector<Heard>> take() override;
  [[nodiscard]] int descriptor() const override { return fd_.get(); }

 private:
  void refuse(int error);
  void hear(int watch, std::uint32_t mask, std::string_view name, std::vector<Heard>& out);

  Descriptor fd_;
  std::string problem_;
  std::map<int, std::string> paths_;
};

}  // namespace cordyna::input
