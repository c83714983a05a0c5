#include "platform/worktree_git.hpp"

#include <gtest/gtest.h>

namespace oap::platform {
namespace {

using namespace std::string_view_literals;

TEST(WorktreeConfig, TakesHowFilesLookAndWhoCommits) {
  EXPECT_EQ(worktree_config("core.autocrlf\ninput\0user.name\nA \"B\" \\ C\0"
                            "filter.lfs.clean\ngit-lfs clean -- %f\0core.bare\0"sv),
            "[core]\n\tautocrlf = \"input\"\n[user]\n\tname = \"A \\\"B\\\" \\\\ C\"\n"
            "[filter \"lfs\"]\n\tclean = \"git-lfs clean -- %f\"\n");
  EXPECT_EQ(worktree_config("core.filemode\0"sv), "[core]\n\tfilemode\n") << "a key without value";
  EXPECT_EQ(worktree_config("user.name\na\nb\tc\0"sv), "[user]\n\tname = \"a\\nb\\tc\"\n");
}

TEST(WorktreeConfig, LeavesOutWhatLeadsElsewhereOrIsNone) {
  EXPECT_EQ(worktree_config("core.worktree\n/x\0core.hookspath\n/x\0include.path\n/x\0"
                            "core.fsmonitor\nx\0remote.o.url\nhttps://t@h\0http.extraheader\nx\0"
                            "extensions.worktreeconfig\ntrue\0\0user.\0userx\0"sv),
            "");
  EXPECT_EQ(worktree_config(""), "");
}

TEST(PackedRefs, TakesHashAndName) {
  const std::string hash(40, 'a');
  EXPECT_EQ(packed_refs(hash + " refs/heads/main\n" + hash + " refs/tags/v 1\n"),
            hash + " refs/heads/main\n" + hash + " refs/tags/v 1\n");
  EXPECT_EQ(packed_refs(hash + " refs/stash\n" + hash + " refs/bisect/bad\n" + hash +
                        " HEAD\nabc refs/heads/x\n# pack-refs with:\n\n" + std::string(40, 'z') +
                        " refs/heads/y\n ref: refs/heads/z\n"),
            "");
  const std::string longer(64, '0');
  EXPECT_EQ(packed_refs(longer + " refs/heads/main"), longer + " refs/heads/main\n");
}

}  // namespace
}  // namespace oap::platform
