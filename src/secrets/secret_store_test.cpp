#include "secrets/secret_store.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace cordyna {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr const char* kOtherKey =
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

class SecretStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/dyna-store-XXXXXX";
    parent_ = mkdtemp(pattern.data());
    layout_ = StateLayout(parent_ + "/state");
    unsetenv("DYNA_SECRET_KEY");
  }
  void TearDown() override {
    unsetenv("DYNA_SECRET_KEY");
    fs::remove_all(parent_);
  }
  [[nodiscard]] SecretStore store() const { return SecretStore(layout_); }
  void set(std::string_view name, std::string_view value) {
    const auto done = store().set(name, value, 1000);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  [[nodiscard]] std::string file() const {
    std::ifstream stream(layout_.secret_store(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write(const std::string& content) const {
    std::ofstream(layout_.secret_store(), std::ios::binary) << content;
  }
  template <class T>
  void expect_error(const Result<T>& result, ErrorCode code, const std::string& part) const {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
    EXPECT_EQ(result.error().message.find("hunter2"), std::string::npos) << result.error().message;
  }

  std::string parent_;
  StateLayout layout_{""};
};

mode_t mode_of(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0U;
}

TEST_F(SecretStoreTest, WhatWasSetIsFoundAndListedAndRemoved) {
  set("B", "hunter2");
  const auto done = store().set("A", "two\nlines", 2000);
  ASSERT_TRUE(done.has_value());
  EXPECT_FALSE(done->replaced);
  EXPECT_EQ(store().find("A"), "two\nlines");
  EXPECT_EQ(store().find("B"), "hunter2");
  EXPECT_EQ(store().list(), (std::vector<KeptSecret>{{"A", 2000}, {"B", 1000}}));
  EXPECT_TRUE(store().remove("A").has_value());
  expect_error(store().find("A"), ErrorCode::kNotFound, "no secret 'A'");
  EXPECT_EQ(store().find("B"), "hunter2");
}

TEST_F(SecretStoreTest, ASecondSetReplaces) {
  set("A", "old");
  const auto done = store().set("A", "hunter2", 3000);
  ASSERT_TRUE(done.has_value());
  EXPECT_TRUE(done->replaced);
  EXPECT_EQ(store().find("A"), "hunter2");
  EXPECT_EQ(store().list(), (std::vector<KeptSecret>{{"A", 3000}}));
}

TEST_F(SecretStoreTest, TheFirstMakesAKeyThatOnlyItsOwnerCanRead) {
  const auto first = store().set("A", "hunter2", 1);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->new_key_file, layout_.secret_key());
  EXPECT_EQ(store().set("B", "x", 1)->new_key_file, "");
  EXPECT_EQ(mode_of(layout_.folder()), 0700U);
  EXPECT_EQ(mode_of(layout_.secret_key()), 0600U);
  EXPECT_EQ(mode_of(layout_.secret_store()), 0600U);
  EXPECT_EQ(file().find("hunter2"), std::string::npos);
}

TEST_F(SecretStoreTest, AnEmptyStoreHasNothing) {
  expect_error(store().find("A"), ErrorCode::kNotFound, layout_.secret_store());
  expect_error(store().remove("A"), ErrorCode::kNotFound, "no secret 'A'");
  EXPECT_EQ(store().list(), std::vector<KeptSecret>{});
  EXPECT_FALSE(fs::exists(layout_.folder()));
}

TEST_F(SecretStoreTest, TheKeyOfTheEnvironmentGoesFirst) {
  setenv("DYNA_SECRET_KEY", kKey, 1);
  set("A", "hunter2");
  EXPECT_FALSE(fs::exists(layout_.secret_key()));
  EXPECT_EQ(store().find("A"), "hunter2");
  unsetenv("DYNA_SECRET_KEY");
  expect_error(store().find("A"), ErrorCode::kUnavailable,
               "its key is missing: set DYNA_SECRET_KEY");
  expect_error(store().set("B", "x", 1), ErrorCode::kUnavailable, "secret 'A'");
  EXPECT_FALSE(fs::exists(layout_.secret_key()));
}

TEST_F(SecretStoreTest, AWrongKeyIsSaidAndAddsNothing) {
  set("A", "hunter2");
  setenv("DYNA_SECRET_KEY", kOtherKey, 1);
  const std::string before = file();
  expect_error(store().find("A"), ErrorCode::kCorrupt, "secret 'A'");
  expect_error(store().find("A"), ErrorCode::kCorrupt, "the key of DYNA_SECRET_KEY");
  expect_error(store().set("B", "x", 1), ErrorCode::kCorrupt, "dyna secret remove A");
  EXPECT_EQ(file(), before);
  EXPECT_EQ(store().list()->size(), 1U);
  EXPECT_TRUE(store().set("A", "anew", 1).has_value());  // nothing else needs the old key
  EXPECT_EQ(store().find("A"), "anew");
}

TEST_F(SecretStoreTest, WhatIsNoKeyIsRefused) {
  setenv("DYNA_SECRET_KEY", "hunter2", 1);
  expect_error(store().set("A", "x", 1), ErrorCode::kInvalidArgument,
               "DYNA_SECRET_KEY is not a key");
  setenv("DYNA_SECRET_KEY", "", 1);
  expect_error(store().set("A", "x", 1), ErrorCode::kInvalidArgument, "32 bytes in base64");
  unsetenv("DYNA_SECRET_KEY");
  set("A", "x");
  std::ofstream(layout_.secret_key()) << "hunter2";
  expect_error(store().find("A"), ErrorCode::kCorrupt, layout_.secret_key());
}

TEST_F(SecretStoreTest, AKeyFileThatOthersCanReadIsRefused) {
  set("A", "hunter2");
  ASSERT_EQ(chmod(layout_.secret_key().c_str(), 0640), 0);
  expect_error(store().find("A"), ErrorCode::kUnavailable,
               "mode 0640 lets others read it; chmod 600 " + layout_.secret_key());
  expect_error(store().set("B", "x", 1), ErrorCode::kUnavailable, "chmod 600");
  if (geteuid() != 0) return;
  ASSERT_EQ(chmod(layout_.secret_key().c_str(), 0600), 0);
  ASSERT_EQ(chown(layout_.secret_key().c_str(), 12345, 12345), 0);
  expect_error(store().find("A"), ErrorCode::kUnavailable, "it belongs to user 12345");
}

TEST_F(SecretStoreTest, AStoreThatOthersCanWriteIsRefused) {
  set("A", "hunter2");
  ASSERT_EQ(chmod(layout_.secret_store().c_str(), 0622), 0);
  expect_error(store().find("A"), ErrorCode::kUnavailable, "chmod 600 " + layout_.secret_store());
  expect_error(store().list(), ErrorCode::kUnavailable, "chmod 600");
}

TEST_F(SecretStoreTest, ValuesCannotBeSwapped) {
  set("AA", "hunter2");
  set("BB", "other");
  std::string text = file();
  const std::size_t a = text.find("AA ");
  const std::size_t b = text.find("BB ");
  std::swap(text[a], text[b]);
  std::swap(text[a + 1], text[b + 1]);
  const std::size_t end = text.find('\n', b) + 1;
  write(text.substr(0, a) + text.substr(b, end - b) + text.substr(a, b - a) + text.substr(end));
  EXPECT_EQ(store().list()->size(), 2U);
  expect_error(store().find("AA"), ErrorCode::kCorrupt, "secret 'AA'");
  expect_error(store().find("BB"), ErrorCode::kCorrupt, "secret 'BB'");
}

TEST_F(SecretStoreTest, AFileThatWasCutAnywhereIsNoticed) {
  set("A", "hunter2");
  set("B", "other");
  const std::string whole = file();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(whole.substr(0, size));
    expect_error(store().find("A"), ErrorCode::kCorrupt, "damaged or was cut");
    expect_error(store().list(), ErrorCode::kCorrupt, layout_.secret_store());
  }
  expect_error(store().set("C", "x", 1), ErrorCode::kCorrupt, "line ");
  expect_error(store().remove("A"), ErrorCode::kCorrupt, "line ");
}

TEST_F(SecretStoreTest, ADamagedFileIsNoticed) {
  set("A", "hunter2");
  const std::string good = file();
  const std::string line = good.substr(good.find("A "), good.rfind(". ") - good.find("A "));
  for (const std::string& text : std::vector<std::string>{
           good + "x", good + good, "cordyna-secrets 0\n. 0\n", "cordyna-secrets x\n. 0\n",
           "cordyna-secrets 1\nA 1\n. 1\n", "cordyna-secrets 1\nA x y\n. 1\n",
           "cordyna-secrets 1\nA-B 1 y\n. 1\n", "cordyna-secrets 1\n" + line + line + ". 2\n",
           "cordyna-secrets 1\n" + line + ". 2\n"}) {
    write(text);
    expect_error(store().find("A"), ErrorCode::kCorrupt, "damaged");
  }
  write("cordyna-secrets 2\nnobody knows\n");
  expect_error(store().find("A"), ErrorCode::kCorrupt, "is of version 2, and this dyna knows 1");
  std::string text = good;
  text[text.find(" 1000 ") + 1] = '2';
  write(text);
  expect_error(store().find("A"), ErrorCode::kCorrupt, "secret 'A'");
}

TEST_F(SecretStoreTest, BadNamesAndValuesAreRefused) {
  for (const char* name : {"", "1A", "A-B", "A=hunter2", "../x", "A B", "Ä", "KEY"}) {
    expect_error(store().set(name, "x", 1), ErrorCode::kInvalidArgument, "");
    expect_error(store().find(name), ErrorCode::kInvalidArgument, "");
    expect_error(store().remove(name), ErrorCode::kInvalidArgument, "");
  }
  expect_error(store().set("KEY", "x", 1), ErrorCode::kInvalidArgument, "DYNA_SECRET_KEY");
  expect_error(store().set(std::string(201, 'A'), "x", 1), ErrorCode::kInvalidArgument, "200");
  expect_error(store().set("A", "", 1), ErrorCode::kInvalidArgument, "is empty");
  expect_error(store().set("A", std::string_view("hunter2\0", 8), 1), ErrorCode::kInvalidArgument,
               "NUL");
  expect_error(store().set("A", std::string(kSecretValueMax + 1, 'x'), 1),
               ErrorCode::kInvalidArgument, "64 KiB");
  EXPECT_FALSE(fs::exists(layout_.folder()));
  set(std::string(200, 'A'), std::string(kSecretValueMax, 'x'));
}

TEST_F(SecretStoreTest, TwoThatSetAtTheSameTimeLoseNothing) {
  constexpr int kEach = 25;
  const auto set_many = [this](const char* letter) {
    for (int i = 0; i < kEach; ++i) {
      if (!store().set(letter + std::to_string(i), "hunter2", 1).has_value()) return false;
    }
    return true;
  };
  const pid_t child = fork();
  if (child == 0) _exit(set_many("P") ? 0 : 1);
  bool first = false;
  std::thread thread([&] { first = set_many("T"); });
  EXPECT_TRUE(set_many("M"));
  thread.join();
  EXPECT_TRUE(first);
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const auto all = store().list();
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->size(), 3U * kEach);
  for (const KeptSecret& one : *all) EXPECT_EQ(store().find(one.name), "hunter2");
}

TEST_F(SecretStoreTest, WhatAKilledWriterLeftDoesNoHarm) {
  set("A", "hunter2");
  std::ofstream(layout_.secret_store() + ".new") << "half";
  set("B", "other");
  EXPECT_EQ(store().list()->size(), 2U);
  EXPECT_FALSE(fs::exists(layout_.secret_store() + ".new"));
}

TEST_F(SecretStoreTest, AFolderThatCannotBeMadeIsSaid) {
  layout_ = StateLayout(parent_ + "/missing/state");
  expect_error(store().set("A", "hunter2", 1), ErrorCode::kUnavailable, "cannot be made");
}

}  // namespace
}  // namespace cordyna
