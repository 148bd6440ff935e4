/// A folder on the disk, looked at without leaving it: no symbolic link below it is followed.
///
/// Threads: one at a time.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "input/file/stamp.hpp"

namespace cordyna::input {

/// An open file of the system; -1: none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  /// Somebody else closes it.
  void release() { fd_ = -1; }

 private:
  int fd_;
};

/// Which folder of which file system.
struct FolderId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const FolderId&) const = default;
};

/// "the folder '/in' is not there", by errno. kNotFound, kDenied, kNoSpace, else kUnavailable.
[[nodiscard]] std::unexpected<Error> folder_error(std::string_view what, std::string_view path,
                                                  int error);

/// Of a name in an open folder.
[[nodiscard]] Result<Found> look_at(int folder, const std::string& name);
[[nodiscard]] Result<FolderId> id_of(int folder);

class Tree {
 public:
  /// Links on the way to the folder itself are followed. Errors: as folder_error.
  [[nodiscard]] static Result<Tree> open(const std::string& folder);

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const FolderId& id() const { return id_; }

  /// A folder below, by its path; "": this one. Errors: kNotFound: there is none, or a link stands
  /// there; others as folder_error.
  [[nodiscard]] Result<Descriptor> open_folder(std::string_view path) const;
  /// As open_folder, and makes those that are missing.
  [[nodiscard]] Result<Descriptor> make_folder(std::string_view path) const;
  /// To read. Errors: kNotFound: there is no regular file; others as folder_error.
  [[nodiscard]] Result<Descriptor> open_file(std::string_view path) const;
  /// kNone where a folder on the way is gone, or is none.
  [[nodiscard]] Result<Found> look(std::string_view path) const;
  /// In hexadecimal. Errors: as open_file; kCancelled.
  [[nodiscard]] Result<std::string> sha256_of(std::string_view path,
                                              const std::stop_token& stop) const;

 private:
  Tree(std::string folder, Descriptor root, FolderId id)
      : folder_(std::move(folder)), root_(std::move(root)), id_(id) {}

  std::string folder_;
  Descriptor root_;
  FolderId id_;
};

/// Each name but "." and "..", with what stands there, where the folder tells; kNone: it does not.
/// Ends early with the first error of `each`.
[[nodiscard]] Result<> each_name(
    Descriptor folder, const std::function<Result<>(const std::string& name, FoundKind)>& each);

}  // namespace cordyna::input
