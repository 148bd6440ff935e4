/// A bare repository of this machine with a clone that makes commits, by the program git.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "git/repository.hpp"

namespace cordyna::git {

class RepositoryFixture {
 public:
  RepositoryFixture() {
    std::string name = testing::TempDir() + "/git.XXXXXX";
    folder_ = ::mkdtemp(name.data());
    git(folder_, "init -q --bare --initial-branch=main origin.git");
    git(folder_, "clone -q origin.git work");
    git(work(), "checkout -q -B main");
  }
  ~RepositoryFixture() { std::filesystem::remove_all(folder_); }
  RepositoryFixture(const RepositoryFixture&) = delete;
  RepositoryFixture& operator=(const RepositoryFixture&) = delete;

  [[nodiscard]] std::string work() const { return (folder_ / "work").string(); }
  [[nodiscard]] std::string below(const std::string& name) const {
    return (folder_ / name).string();
  }
  [[nodiscard]] Remote remote() const {
    return {.url = "file://" + below("origin.git"), .branch = "main"};
  }
  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = std::filesystem::path(work()) / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  /// The new commit, which is pushed.
  [[nodiscard]] std::string commit(const std::string& message = "a change") const {
    git(work(), "add -A");
    git(work(),
        "-c user.name=Ann -c user.email=ann@x commit -q --allow-empty -m '" + message + "'");
    git(work(), "push -q --force origin main");
    return git(work(), "rev-parse HEAD");
  }
  static std::string git(const std::filesystem::path& folder, const std::string& words) {
    const std::string command = "GIT_CONFIG_NOSYSTEM=1 HOME=/nonexistent git -C '" +
                                folder.string() + "' " + words + " 2>/dev/null";
    std::string out;
    FILE* const from = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): a test's own words
    std::array<char, 256> part{};
    while (std::fgets(part.data(), part.size(), from) != nullptr) out += part.data();
    EXPECT_EQ(::pclose(from), 0) << words;
    while (out.ends_with('\n')) out.pop_back();
    return out;
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace cordyna::git
