#include <array>

#include <fmt/format.h>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "mcp/oauth/consent.hpp"
#include "os/env.hpp"
#include "platform/credentials.hpp"
#include "sandbox/child.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

/// Opens pages with xdg-open, without a shell. The program ends with this.
class Browser {
 public:
  explicit Browser(Executor executor) : executor_(std::move(executor)) {}

  void open(const std::string& url) {
    sandbox::Spec spec;
    spec.argv = {"xdg-open", url};
    spec.profile = sandbox::Profile::kOwn;
    static constexpr std::array<std::string_view, 7> kDesktop{
        "BROWSER",    "DBUS_SESSION_BUS_ADDRESS", "DISPLAY",        "WAYLAND_DISPLAY",
        "XAUTHORITY", "XDG_CURRENT_DESKTOP",      "XDG_RUNTIME_DIR"};
    for (const std::string_view name : kDesktop) {
      if (const auto value = os::env(name)) {
        spec.env[std::string(name)] = *value;
      }
    }
    auto started = sandbox::Child::start(executor_, std::move(spec));
    if (started) {
      child_ = *std::move(started);
    } else {
      print_error("no browser could be opened: " + started.error().to_string());
    }
  }

 private:
  Executor executor_;
  std::unique_ptr<sandbox::Child> child_;
};

int finish(const Result<void>& done, const McpLoginArgs& args, bool as_json) {
  if (!done) {
    return report(done.error(), as_json);
  }
  if (as_json) {
    print_json(
        json::Object{{"success", true}, {"server", args.server}, {"signed_in", !args.logout}});
  } else {
    print(fmt::format("{}: {}\n", args.server,
                      args.logout ? "the sign-in is forgotten" : "signed in"));
  }
  return 0;
}

Task<int> log_in(platform::Platform& platform, mcp::oauth::Consent& consent, McpLoginArgs args,
                 bool as_json) {
  const auto done =
      co_await platform::log_in(platform.settings(), args.server, platform.http(), consent);
  co_await platform.close();
  co_return finish(done, args, as_json);
}

Task<int> log_out(platform::Platform& platform, McpLoginArgs args, bool as_json) {
  const auto done = co_await platform::log_out(platform.settings(), args.server, platform.http());
  co_await platform.close();
  co_return finish(done, args, as_json);
}

}  // namespace

int mcp_login_command(const Common& common, const McpLoginArgs& args) {
  async::Runtime runtime;
  SessionSetup setup(runtime, common, {});
  auto platform = setup.open();
  if (!platform) {
    return report(platform.error(), common.json);
  }
  if (args.logout) {
    return setup.run(log_out(**platform, args, common.json));
  }
  Browser browser(runtime.executor());
  const auto show = [&browser, &args](const std::string& url) {
    print_message("To sign in to " + args.server +
                      ", open this page in a browser on this machine:\n  " +
                      text::escape_visible(url) + "\n",
                  false);
    if (args.browser) {
      browser.open(url);
    }
  };
  const auto patience = Millis(static_cast<Millis::rep>(args.timeout * 1000));
  mcp::oauth::LoopbackConsent consent(runtime.executor(), show, patience);
  return setup.run(log_in(**platform, consent, args, common.json));
}

}  // namespace oap::cli
