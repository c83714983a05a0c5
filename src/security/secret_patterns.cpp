#include "security/secret_patterns.hpp"

namespace oap::security {
namespace {

constexpr std::int64_t kMaxMemory = 32 << 20;

re2::RE2::Options options() {
  re2::RE2::Options out;
  out.set_encoding(re2::RE2::Options::EncodingLatin1);
  out.set_log_errors(false);
  out.set_max_mem(kMaxMemory);
  return out;
}

/// A word may also begin behind the escape of a serialised text: `\\nghp_…`.
std::string bounded(std::string_view pattern) {
  constexpr std::string_view kBoundary = R"(\b()";
  if (!pattern.starts_with(kBoundary)) {
    return std::string(pattern);
  }
  return R"((?:\b|\\[nrtbf])()" + std::string(pattern.substr(kBoundary.size()));
}

}  // namespace

// Sources: the issuers' documentation of their token formats, as of 2026.
const std::vector<SecretPattern>& secret_patterns() {
  static const std::vector<SecretPattern> kPatterns = {
      {"aws_access_key_id", "(?:AKIA|ASIA)[A-Z0-9]{4}", R"(\b((?:AKIA|ASIA)[A-Z0-9]{16})\b)"},
      {"aws_secret_access_key", "(?i)secret_?(?:access_?)?key",
       R"((?i)(?:aws_?secret_?(?:access_?)?key|secret_?access_?key)["'\\]{0,3}\s{0,4}(?:[:=]|=>|:=)\s{0,4}["'\\]{0,3}([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$))"},
      {"github_token", "gh[pousr]_[A-Za-z0-9]{4}", R"(\b(gh[pousr]_[A-Za-z0-9]{36,})\b)"},
      {"github_pat", "github_pat_", R"(\b(github_pat_[A-Za-z0-9_]{36,})\b)"},
      {"gitlab_token", "gl(?:pat|dt|rt|ptt|cbt|oas|soat)-",
       R"(\b(gl(?:pat|dt|rt|ptt|cbt|oas|soat)-[A-Za-z0-9_-]{20,}))"},
      {"slack_token", "xox[abeoprs]", R"(\b(xox(?:[abeoprs]|e\.xox[bp])-[A-Za-z0-9-]{10,}))"},
      {"slack_app_token", "xapp-", R"(\b(xapp-[0-9]-[A-Z0-9]{5,20}-[0-9]{5,20}-[a-z0-9]{30,128}))"},
      {"slack_webhook", R"(hooks\.slack\.com/)",
       R"((https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{20,}))"},
      {"anthropic_key", "sk-ant-", R"(\b(sk-ant-[A-Za-z0-9_-]{20,}))", SecretCheck::kEntropy},
      {"openai_key", "sk-(?:proj|svcacct|admin|None|[A-Za-z0-9]{8})",
       R"(\b(sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{16,64}T3BlbkFJ[A-Za-z0-9]{16,64}|[A-Za-z0-9]{40,64}\b)))",
       SecretCheck::kEntropy},
      {"openrouter_key", "sk-or-", R"(\b(sk-or-v1-[a-f0-9]{64})\b)"},
      {"google_api_key", "AIza", R"(\b(AIza[A-Za-z0-9_-]{35})(?:[^A-Za-z0-9_-]|$))"},
      {"google_oauth_secret", "GOCSPX-", R"(\b(GOCSPX-[A-Za-z0-9_-]{28})(?:[^A-Za-z0-9_-]|$))"},
      {"stripe_key", "[sr]k_live_", R"(\b([sr]k_live_[A-Za-z0-9]{10,})\b)"},
      {"stripe_webhook_secret", "whsec_", R"(\b(whsec_[A-Za-z0-9+/]{32,64}))"},
      {"npm_token", "npm_[A-Za-z0-9]{4}", R"(\b(npm_[A-Za-z0-9]{36})\b)"},
      {"pypi_token", "pypi-", R"(\b(pypi-[A-Za-z0-9_-]{50,}))"},
      {"huggingface_token", "(?:hf|api_org)_[A-Za-z]{4}", R"(\b((?:hf|api_org)_[A-Za-z]{34})\b)"},
      {"huggingface_token", "hf_[A-Za-z0-9]{4}", R"(\b(hf_[A-Za-z0-9]{30,40})\b)"},
      {"sendgrid_key", R"(SG\.)", R"(\b(SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}))"},
      {"twilio_key", "SK[0-9a-f]{8}", R"(\b(SK[0-9a-f]{32})\b)", SecretCheck::kEntropy},
      {"telegram_bot_token", ":AA[A-Za-z0-9_-]{4}",
       R"(\b([0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$))"},
      {"digitalocean_token", "do[opr]_v1_", R"(\b(do[opr]_v1_[a-f0-9]{64})\b)"},
      {"azure_storage_key", "AccountKey", R"(AccountKey\s{0,2}=\s{0,2}([A-Za-z0-9+/]{86}==))"},
      {"vault_token", R"(hv[sbr]\.)", R"(\b(hv[sbr]\.[A-Za-z0-9_-]{24,}))", SecretCheck::kEntropy},
      {"shopify_token", "shp(?:at|ca|pa|ss)_", R"(\b(shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})\b)"},
      {"groq_key", "gsk_", R"(\b(gsk_[A-Za-z0-9]{48,60})\b)"},
      {"linear_key", "lin_api_", R"(\b(lin_api_[A-Za-z0-9]{40})\b)"},
      {"age_secret_key", "AGE-SECRET-KEY-1", R"(\b(AGE-SECRET-KEY-1[A-Z0-9]{58})\b)"},
      {"discord_webhook", "discord(?:app)?.com/api/webhooks",
       R"((https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/[0-9]{15,20}/[A-Za-z0-9_-]{60,80}))"},
      {"jwt", "eyJ[A-Za-z0-9_-]{4}",
       R"(\b(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{16,}))"},
      {"private_key", "-----BEGIN ",
       R"(-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----)", SecretCheck::kPem},
      {"url_password", "://",
       R"([A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@"'<>]{0,100}:([^\s/@"'<>\\]{3,})@[A-Za-z0-9\[])",
       SecretCheck::kUrl},
      {"authorization_header", "(?i)authorization",
       R"((?i)authorization["'\\]{0,3}\s{0,3}[:=]\s{0,3}["'\\]{0,3}(?:bearer|basic|token)\s{1,3}([A-Za-z0-9._~+/=-]{16,}))",
       SecretCheck::kEntropy},
      {"password",
       "(?i)pass(?:w|ph)|secret|token|pwd|(?:api|access|auth|private|encryption|signing|account)[_-"
       "]?key",
       R"((?i)([A-Za-z0-9_.-]{0,40}(?:passw(?:or)?d|passphrase|pwd|secret|token|(?:api|access|auth|private|encryption|signing|account)[_-]?key)[A-Za-z0-9_.-]{0,24})["'\\]{0,3}\s{0,3}(?:=>|:=|[:=])\s{0,3}(["'\\]{1,4}[^"'\\\n]{6,}["'\\]|[^\s"'\\,;<>(){}\[\]`&|]{8,}))",
       SecretCheck::kAssignment},
  };
  return kPatterns;
}

const CompiledPatterns& compiled_patterns() {
  static const CompiledPatterns kCompiled = [] {
    CompiledPatterns out;
    out.triggers = std::make_unique<re2::RE2::Set>(options(), re2::RE2::UNANCHORED);
    for (const SecretPattern& pattern : secret_patterns()) {
      out.full.push_back(std::make_unique<re2::RE2>(bounded(pattern.pattern), options()));
      const int added = out.triggers->Add(
          re2::StringPiece(pattern.trigger.data(), pattern.trigger.size()), nullptr);
      out.ok = out.ok && out.full.back()->ok() && added >= 0;
    }
    out.ok = out.triggers->Compile() && out.ok;
    return out;
  }();
  return kCompiled;
}

}  // namespace oap::security
