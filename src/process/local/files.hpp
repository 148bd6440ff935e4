/// Small files and folders, relative to an open folder, never through a symbolic link.
///
/// Errors are errno values (0: done) where a guardian must tell a full disk from the rest.
/// Threads: any.
#pragma once

#include <sys/types.h>
#include <sys/un.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "process/local/fd.hpp"

namespace cordyna::local {

/// "No space left on device" for ENOSPC.
[[nodiscard]] std::string errno_text(int error);

/// Whether the error says that the disk or the quota is full.
[[nodiscard]] bool is_no_space(int error);

/// Writes all of it; 0 or errno.
[[nodiscard]] int write_all(int fd, std::string_view bytes);

/// Makes a new file of mode 0600 with this content; 0 or errno.
[[nodiscard]] int write_new_file(int folder, const char* name, std::string_view content);

/// The content of a regular file of at most `bytes_max`. Errors: kNotFound; kInvalidArgument for a
/// link, a device, a pipe, a folder, or one that is too large; kUnavailable for I/O.
[[nodiscard]] Result<std::string> read_regular_file(int folder, const char* name,
                                                    std::size_t bytes_max);

/// A file of the kernel (/proc): no size is known before. Empty: cannot be read.
[[nodiscard]] std::string read_proc_file(const char* path);

/// Opens a folder that is not a link. Invalid: errno says why.
[[nodiscard]] Fd open_folder(int parent, const char* name);

/// Removes a file or a folder with all in it, without following links. Bounded: a tree that is
/// deeper than 256 folders or has more than a million entries is left in part.
void remove_tree(int parent, const char* name);

/// The same for all that is in a folder, which stays and is readable again.
void empty_folder(int parent, const char* name);

/// The address of a socket, also where its path is longer than an address may be: then through
/// `folder`, an open descriptor of the folder it lies in.
[[nodiscard]] sockaddr_un socket_address(const std::string& path, int folder);

/// `text` as valid UTF-8 without control characters, at most `bytes_max`, cut between characters.
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t bytes_max);

}  // namespace cordyna::local
