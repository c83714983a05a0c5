#include "sandbox/protected_names.hpp"

namespace oap::sandbox {

const std::vector<ProtectedName>& protected_names() {
  using enum ProtectedName::Missing;
  static const std::vector<ProtectedName> kNames{
      // git
      {".git", kDirectory, true},
      {".git/hooks", kDirectory},
      {".git/config", kEmpty},
      {".git/config.worktree", kEmpty},
      {".git/commondir", kSelf},
      {".git/info/attributes", kMayBeMade},
      {".gitconfig"},
      // agents
      {".opencode", kDirectory},
      {"opencode.json", kHeld},
      {"opencode.jsonc", kHeld},
      {".claude"},
      {".mcp.json", kLink},
      {".codex"},
      {".gemini"},
      {".cursor"},
      {".windsurf"},
      {".agents", kMayBeMade},
      {".amazonq", kMayBeMade},
      {".continue", kMayBeMade},
      {".kiro", kMayBeMade},
      {".roo", kMayBeMade},
      {".trae", kMayBeMade},
      {".aider.conf.yml", kMayBeMade},
      // editors
      {".vscode"},
      {".idea"},
      {".devcontainer"},
      {".devcontainer.json"},
      {".zed", kMayBeMade},
      {".fleet", kMayBeMade},
      {".exrc", kMayBeMade},
      {".nvimrc", kMayBeMade},
      {".nvim.lua", kMayBeMade},
      {".dir-locals.el", kMayBeMade},
      // package managers: they run what these name even where scripts are switched off
      {".npmrc", kLink},
      {".yarnrc", kLink},
      {".yarnrc.yml", kLink},
      {".pnpmfile.cjs", kLink},
      {".cargo/config", kLink},
      {".cargo/config.toml", kLink},
      // what installed git hooks run
      {".husky", kLink},
      {".pre-commit-config.yaml", kMayBeMade},
      {"lefthook.yml", kMayBeMade},
      {".lefthook.yml", kMayBeMade},
      // shells
      {".envrc", kLink},
      {".bashrc"},
      {".bash_profile"},
      {".bash_login"},
      {".profile"},
      {".zshrc"},
      {".zshenv"},
      {".zprofile"},
      {".zlogin"},
      {".bash_logout", kMayBeMade},
      {".bash_aliases", kMayBeMade},
      {".zlogout", kMayBeMade},
      {".kshrc", kMayBeMade},
      {".cshrc", kMayBeMade},
      {".tcshrc", kMayBeMade},
      {".login", kMayBeMade},
      {".inputrc", kMayBeMade},
      {".ripgreprc", kMayBeMade}};
  return kNames;
}

const std::vector<ProtectedName>& protected_at_home() {
  using enum ProtectedName::Missing;
  static const std::vector<ProtectedName> kNames{{".config/oap"},
                                                 {".config/opencode"},
                                                 {".local/state/oap"},
                                                 {".config/systemd"},
                                                 {".config/autostart"},
                                                 {".config/fish"},
                                                 {".config/git"},
                                                 {".config/zsh"},
                                                 {".config/environment.d"},
                                                 {".config/nvim"},
                                                 {".config/htop", kMayBeMade},
                                                 {".config/tmux"},
                                                 {".config/direnv"},
                                                 {".config/Code", kMayBeMade},
                                                 {".config/kitty", kMayBeMade},
                                                 {".config/alacritty", kMayBeMade},
                                                 {".config/pip"},
                                                 {".config/npm", kMayBeMade},
                                                 {".config/containers", kMayBeMade},
                                                 {".pam_environment"},
                                                 {".xprofile"},
                                                 {".xsessionrc"},
                                                 {".xinitrc"},
                                                 {".xsession"},
                                                 {".selected_editor"},
                                                 {".vimrc"},
                                                 {".vim"},
                                                 {".emacs"},
                                                 {".emacs.d"},
                                                 {".tmux.conf"},
                                                 {".screenrc"},
                                                 {".gdbinit"},
                                                 {".lldbinit"},
                                                 {".wgetrc"},
                                                 {".curlrc"},
                                                 {".local/bin"},
                                                 {".local/lib", kMayBeMade},
                                                 {".local/share/systemd"},
                                                 {".local/share/applications"},
                                                 {"bin", kMayBeMade},
                                                 {".cargo/bin", kMayBeMade},
                                                 {"go/bin", kMayBeMade},
                                                 {".npm-global", kMayBeMade},
                                                 {".nvm", kMayBeMade},
                                                 {".pyenv", kMayBeMade},
                                                 {".rustup", kMayBeMade},
                                                 {".oh-my-zsh", kMayBeMade},
                                                 {".bash_completion"},
                                                 {".ssh"}};
  return kNames;
}

const std::vector<std::string>& protected_endings() {
  static const std::vector<std::string> kEndings{".code-workspace"};
  return kEndings;
}

Placeholder stand_in(ProtectedName::Missing missing, bool at_home) {
  using enum ProtectedName::Missing;
  Placeholder placeholder;
  switch (missing) {
    case kDirectory:
      placeholder.kind = Placeholder::Kind::kDirectory;
      break;
    case kEmpty:
    case kSelf:
      placeholder.kind = Placeholder::Kind::kText;
      // A common directory that is the directory itself changes nothing for git.
      placeholder.text = missing == kSelf ? ".\n" : "";
      break;
    case kLink:
      placeholder.kind = Placeholder::Kind::kLink;
      break;
    case kSocket:
    case kHeld:
    case kMayBeMade:
      placeholder.kind = at_home ? Placeholder::Kind::kLink : Placeholder::Kind::kSocket;
      break;
  }
  return placeholder;
}

}  // namespace oap::sandbox
