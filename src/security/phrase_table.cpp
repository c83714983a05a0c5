#include "security/token_types.hpp"

// Commands, statements and sentences that tell where a secret stands without a name and = or :. To
// add one: a row whose expression ends at the value's first character, and one in cases.
namespace oap::security {
namespace {

#define OAP_WORD "[\"']?[^\\s\"'-]"

constexpr MarkPattern kPhrases[] = {
    // -- statements
    {Mark::kPhrase,
     "identified[ \\t]+(?:with[ \\t]+[a-z0-9_\"'`]{1,40}[ \\t]+)?(?:by|as)[ \\t]+(?:password[ "
     "\\t]+)?[\"'`][^\\s\"'`]",
     true},
    {Mark::kPhrase,
     "(?:user|role|grant)[ \\t][^\\n;]{1,100}identified[ \\t]+(?:by|as)[ \\t]+[^\\s\"'`%&<]", true},
    {Mark::kPhrase, "(?:user|role|login|encrypted|with)[^\\n;]{0,100}[ \\t]password[ \\t]+'[^\\s']",
     true},
    {Mark::kPhrase,
     "set[ \\t]+password[ \\t]+(?:for[ \\t]+[^\\n=]{1,60})?=[ \\t]*(?:password\\()?[\"'][^\\s\"']",
     true},
    {Mark::kPhrase, "#[ \\t]{0,3}define[ \\t]{1,3}[A-Za-z0-9_]{3,60}[ \\t]{1,8}\"[^\\s\"]", false,
     Demand::kNamed},
    {Mark::kPhrase,
     "\\bset(?:env)?[ \\t]{1,3}(?:-{1,2}[A-Za-z]{1,8}[ \\t]{1,3}){0,2}[A-Za-z0-9_.]{3,60}[ "
     "\\t]{1,3}[\"']?[^\\s\"'=]",
     false, Demand::kNamed},
    {Mark::kPhrase,
     "(?:key|name)[ ]?=[ ]?[\"'][A-Za-z0-9_.:-]{2,72}[\"']\\s{1,20}value[ ]?=[ ]?[\"'][^\\s\"']",
     true, Demand::kNamed},
    {Mark::kPhrase, "(?:key|name)=[\"'][A-Za-z0-9_.:-]{2,72}[\"'][ ]?>[^\\s<]", true,
     Demand::kNamed},
    {Mark::kPhrase,
     "\"(?:key|name)\"[ ]?:[ ]?\"[A-Za-z0-9_.-]{2,72}\"[ ]?,\\s{0,20}\"value\"[ ]?:[ ]?\"[^\\s\"]",
     true, Demand::kNamed},
    {Mark::kPhrase,
     "name:[ ][\"']?[A-Za-z0-9_.-]{2,72}[\"']?\\r?\\n[ \\t]{0,20}value:[ ][\"']?[^\\s\"']", false,
     Demand::kNamed},
    {Mark::kPhrase, "<key>[A-Za-z0-9_.-]{2,72}</key>\\s{0,20}<string>[^\\s<]", true,
     Demand::kNamed},
    {Mark::kPhrase, "\\bENV[ \\t]{1,3}[A-Za-z0-9_]{3,60}[ \\t]{1,3}[\"']?[^\\s\"'=]", false,
     Demand::kNamed},
    {Mark::kPhrase,
     "(?:\\bSetEnv|fastcgi_param|proxy_set_header|add_header|http-request[ ]set-header)[ "
     "\\t]{1,8}[A-Za-z0-9_-]{3,60}[ \\t]{1,8}[\"']?[^\\s\"'=]",
     false, Demand::kNamed},
    {Mark::kPhrase,
     "variable[ ]{1,3}\"[A-Za-z0-9_-]{2,60}\"[ "
     "]?\\{[^{}]{0,200}default\\s{0,12}=\\s{0,4}\"[^\\s\"]",
     false, Demand::kNamed},
    {Mark::kPhrase,
     "(?:mysqli?_connect|new[ ](?:mysqli|PDO)|getConnection|DBI->connect|NetworkCredential)[ "
     "]?\\([^\\n()]{0,160}[\"'][^\"'\\n]{1,40}[\"'][ ]?,[ ]?[\"'][^\\s\"'$]",
     true, Demand::kRandom},
    {Mark::kPhrase, "ConvertTo-SecureString[ ]{1,2}(?:-String[ ]{1,2})?[\"'][^\\s\"'$]", true},
    {Mark::kPhrase, "createHmac\\([ ]?[\"'][A-Za-z0-9-]{3,12}[\"'][ ]?,[ ]?[\"'`][^\\s\"'`$]",
     false, Demand::kRandom, "generic_secret"},
    {Mark::kPhrase, "hmac\\.new\\([ ]?b?[\"'][^\\s\"']", false, Demand::kRandom, "generic_secret"},
    {Mark::kPhrase,
     "\\bjwt\\.(?:sign|verify|encode|decode)\\([^\\n\"'()]{1,60},[ ]?[\"'`][^\\s\"'`$]", false,
     Demand::kRandom, "generic_secret"},
    // -- files of programs
    {Mark::kPhrase, "login\\s{1,20}[^\\s]{1,80}\\s{1,20}password[ \\t]{1,20}[^\\s]", true},
    {Mark::kPhrase,
     "[A-Za-z0-9.*-]:(?:[0-9]{2,5}|\\*):[A-Za-z0-9_*-]{1,63}:[A-Za-z0-9_.*-]{1,63}:[^\\s:\"'/]",
     false, Demand::kRandom},
    {Mark::kPhrase, "<[A-Za-z]{0,24}Password>\\s{0,24}<Value>[^\\s<]", true},
    {Mark::kPhrase,
     "\\b(?:requirepass|masterauth|rootpw|snmp-server[ ]community)[ \\t]{1,4}(?:--[a-z]{4,10}[ "
     "\\t]{1,3}){0,2}[\"']?[^\\s\"'$-]",
     false, Demand::kRandom},
    {Mark::kPhrase,
     "(?:auth|credentials?|basicauth|login|authentication)[ ]?(?:[=:][ ]?)?\\([ "
     "]?[\"'][^\"'\\n]{1,40}[\"'][ ]?,[ ]?[\"'][^\\s\"']",
     true, Demand::kRandom},
    {Mark::kPhrase, "\\bpsk[ ]?=[ ]?[\"']?[^\\s\"']", false},
    {Mark::kPhrase, "jdbc:oracle:[a-z]{3,5}:[^\\s/@:\"']{1,60}/[^\\s@/\"']", true},
    // -- commands
    {Mark::kPhrase,
     "\\bcurl\\s[^\\n]{0,160}(?:-u|--user|-U|--proxy-user)[ =][\"']?[^\\s\"':]{1,60}:[^\\s\"']"},
    {Mark::kPhrase,
     "\\b(?:mysql|mariadb)(?:dump|admin|import|show)?[ \\t](?:[^\\n|;]{0,160}[ "
     "\\t])?-p[\"']?[^\\s\"'-]"},
    {Mark::kPhrase, "\\b(?:sqlcmd|bcp|osql|isql)[ \\t][^\\n|;]{0,120}[ \\t]-P[ ]?" OAP_WORD},
    {Mark::kPhrase, "\\bsqlplus[ \\t][^\\n/]{0,60}/[^\\s@/\"']", false, Demand::kRandom},
    {Mark::kPhrase, "\\bchpasswd[ \\t]{0,3}<<<[ ]?[\"']?[^\\s:\"']{1,40}:[^\\s\"']"},
    {Mark::kPhrase, "\\bsudo[ \\t][^\\n<]{0,40}-[A-Za-z]{0,4}S[^\\n<]{0,80}<<<[ ]?[\"']?[^\\s\"']"},
    {Mark::kPhrase, "\\bsshpass[ \\t]+-p[ \\t]{0,2}[\"']?[^\\s\"']"},
    {Mark::kPhrase, "\\bredis-cli[ \\t][^\\n|;]{0,120}(?:-a|--pass)[ =]" OAP_WORD},
    {Mark::kPhrase,
     "\\b(?:docker|podman|az|acr|cf|helm|oc|buildah|skopeo|nerdctl|ibmcloud)[ "
     "\\t][^\\n|;]{0,60}\\blogin\\b[^\\n|;]{0,120}[ \\t]-p[ =]" OAP_WORD},
    {Mark::kPhrase,
     "\\bmongo(?:sh|dump|restore|export|import)?[ \\t][^\\n|;]{0,120}[ \\t]-p[ ]" OAP_WORD},
    {Mark::kPhrase,
     "\\b(?:zip|unzip|7z|7za|7zr|rar|unrar)[ \\t](?:[^\\n|;]{0,60}[ \\t])?-[pP][ ]{0,2}" OAP_WORD},
    {Mark::kPhrase,
     "\\bopenssl[ \\t][^\\n|;]{0,160}[ \\t]-(?:k[ \\t]|pass(?:in|out)?[ \\t]pass:)" OAP_WORD},
    {Mark::kPhrase, "[ \\t]-(?:storepass|keypass|srcstorepass|deststorepass)[ \\t]" OAP_WORD},
    {Mark::kPhrase,
     "\\bhtpasswd[ \\t]+-[A-Za-z]{0,6}b[A-Za-z]{0,6}[ \\t](?:[^\\s]{1,60}[ \\t]){1,2}" OAP_WORD},
    {Mark::kPhrase, "\\bhttps?[ \\t]+-a[ \\t]+[^\\s:]{1,60}:[^\\s\"']"},
    {Mark::kPhrase, "\\bldap[a-z]{3,8}[ \\t][^\\n|;]{0,160}[ \\t]-w[ ]" OAP_WORD},
    {Mark::kPhrase, "\\bsmbclient[ \\t][^\\n]{0,120}-U[ \\t]?[^\\s%]{1,60}%[^\\s\"']"},
    {Mark::kPhrase, "\\bssh-keygen[ \\t][^\\n|;]{0,120}-[NP][ ]" OAP_WORD},
    {Mark::kPhrase, "\\bnet[ \\t]use[ \\t][^\\n]{0,120}/user:[^\\s]{1,60}[ \\t][^\\s/]", true},
    {Mark::kPhrase, "\\bvault[ \\t]+login[ \\t]+" OAP_WORD, false, Demand::kRandom},
    {Mark::kPhrase, "\\bpsexec(?:64)?(?:\\.exe)?[ \\t][^\\n|;]{0,160}[ \\t]-p[ \\t]" OAP_WORD,
     true},
    {Mark::kPhrase, "\\bnet[ \\t]user[ \\t][^\\s/]{1,40}[ \\t][^\\s/*]", true, Demand::kRandom},
    {Mark::kPhrase,
     "\\bmc[ ](?:alias[ ]set|config[ ]host[ ]add)[ ][^\\s]{1,40}[ ][^\\s]{1,90}[ "
     "][^\\s]{1,90}[ ][^\\s]",
     false, Demand::kSecret, "generic_secret"},
    {Mark::kPhrase, "\\b(?:password|secret)[ \\t][0-9][ \\t][^\\s]", false, Demand::kRandom},
    {Mark::kPhrase, "\\b(?:x11vnc[ \\t][^\\n|;]{0,80}-passwd|insecure-password)[ \\t]" OAP_WORD,
     false, Demand::kRandom},
    {Mark::kPhrase, "--with-token[ \\t]+<<<[ \\t]?[\"']?[^\\s\"']", false, Demand::kRandom},
    // -- sentences and tables
    {Mark::kPhrase,
     "(?:password|passwort|passphrase|passcode|api[ _-]?key|secret|token)[\"'*_`]{0,4}[ "
     "\\t]+(?:is|was|ist|-|\\|)[ \\t]+[\"'*`]{0,3}[^\\s\"'*`]",
     true, Demand::kRandom},
    {Mark::kPhrase,
     "(?:password|passwort|passphrase|api[ _-]?key|secret|token):?\\*{1,2}:?[ "
     "\\t]{0,3}[\"'`]?[^\\s\"'`*:]",
     true, Demand::kRandom},
    {Mark::kPhrase, "\\bpassword[ \\t]{1,2}[\"'][^\\s\"']", false},
    {Mark::kPhrase, "\\b(?:password|pw)[ \\t]{1,2}[\"'`]?[A-Za-z0-9]", true, Demand::kRandom},
    {Mark::kPhrase, "\\bpw[ ]?[:=][ ]{0,2}[\"'`]?[A-Za-z0-9]", true, Demand::kRandom},
    {Mark::kPhrase, "(?:login|credentials?)[ ]?:[ ]?[^\\s/]{1,60}[ ]/[ ][^\\s]", true,
     Demand::kRandom},
    {Mark::kPhrase,
     "(?:密码|密碼|口令|パスワード|비밀번호|암호|contraseña|senha|пароль|ПАРОЛЬ|Пароль|hasło|"
     "wachtwoord|kennwort|mot de passe|lösenord|salasana|heslo|adgangskode|şifre|parola)[*]{0,2}[ "
     "\\t]{0,2}(?::|：|=|is|は|ist|est|es)[*]{0,2}[ \\t]{0,3}(?:「)?[\"'`]?[!-&(-_a-~]",
     true, Demand::kRandom},
    {Mark::kPhrase,
     "\\|[ \\t]{0,4}[`*]{0,2}[A-Za-z0-9_.-]{4,60}[`*]{0,2}[ \\t]{0,40}\\|[ "
     "\\t]{0,40}[`\"]?[A-Za-z0-9+/_]",
     false, Demand::kNamed},
    // -- issuers
    {Mark::kPhrase, "unseal key [0-9]{1,2}[^\\n:]{0,24}:[ \\t]{0,3}[A-Za-z0-9+/]", true,
     Demand::kSecret, "vault_unseal_key"},
    {Mark::kPhrase, "\\bsplunk[ \\t]{1,2}[0-9a-f]", true, Demand::kUuid, "splunk_hec_token"},
    {Mark::kPhrase, "\\bgeniekey[ \\t]{1,2}[0-9a-f]", true, Demand::kUuid, "opsgenie_key"},
    {Mark::kPhrase, "infura\\.io/(?:ws/)?v3/[a-f0-9]", false, Demand::kHex, "infura_secret"},
    {Mark::kPhrase, "alchemy(?:api)?\\.(?:com|io)/v2/[A-Za-z0-9_-]", false, Demand::kRandom,
     "alchemy_key"},
    {Mark::kPhrase, "wallet\\([\"'](?:0x)?[0-9a-f]", true, Demand::kKey, "ethereum_private_key"},
    {Mark::kPhrase, "accounts[\"']?[ ]?:[ ]?\\[[ ]?[\"'](?:0x)?[0-9a-f]", false, Demand::kKey,
     "ethereum_private_key"},
    {Mark::kPhrase,
     "(?:mnemonic|seed[_ -]?(?:phrase|words)|recovery[_ "
     "-]?phrase)[\"'`]?[ \\t]{0,3}[:=][ \\t]{0,3}[\"'`]?[a-z]",
     true, Demand::kWords, "bip39_mnemonic"},
};
#undef OAP_WORD

}  // namespace

std::span<const MarkPattern> phrases() { return kPhrases; }

}  // namespace oap::security
