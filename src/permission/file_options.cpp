#include "permission/file_options.hpp"

#include "shell/name_set.hpp"

namespace oap::permission {
namespace {

constexpr FileOption kOptions[] = {
    {" sort gpg iconv pandoc dot jpegoptim nasm as ld rustc gcc g++ cc c++ clang clang++ tcc "
     "javac protoc "
     "strace ltrace time patch bison flex tsc esbuild ",
     "o", " --output --outfile -out ", Action::kWrite},
    {" wget ", "OoPa", " --output-document --output-file --append-output --directory-prefix ",
     Action::kWrite},
    {" wget ", "i", " --input-file --post-file --body-file --load-cookies ", Action::kRead},
    {" curl ", "oDc",
     " --output --output-dir --dump-header --cookie-jar --trace --trace-ascii --stderr ",
     Action::kWrite},
    {" curl ", "TKb", " --upload-file --config --cookie --netrc-file --cert --key ", Action::kRead},
    {" openssl ", "", " -out -keyout -writerand ", Action::kWrite},
    {" openssl ", "", " -in -key -inkey -cert -CAfile -config ", Action::kRead},
    {" tar gtar bsdtar ", "C", " --directory ", Action::kWrite},
    {" tar gtar bsdtar ", "TX", " --files-from --exclude-from ", Action::kRead},
    {" unzip unrar ", "d", "", Action::kWrite},
    {" patch ", "rd", " --reject-file --directory ", Action::kWrite},
    {" patch ", "i", " --input ", Action::kRead},
    {" cp mv ln install ", "t", " --target-directory ", Action::kWrite},
    {" ssh scp sftp ", "iF", "", Action::kRead},
    {" grep egrep fgrep rg awk gawk mawk sed jq bc ", "f", " --file --from-file ", Action::kRead},
    {" docker podman ", "", " --env-file --cidfile --secret ", Action::kRead},
    {" tree shuf ", "o", " --output ", Action::kWrite},
    {" tsc ", "", " --outFile --outfile --outDir --declarationDir --tsBuildInfoFile ",
     Action::kWrite},
    {" tar gtar bsdtar ", "", " --one-top-level ", Action::kWrite},
    {" csplit ", "f", " --prefix ", Action::kWrite},
    {" git ", "", " --output ", Action::kWrite},
    {" touch chmod chown ", "r", " --reference ", Action::kRead},
    {" date stat find ", "", " --reference -newer -samefile -files0-from ", Action::kRead},
    {" find ", "", " -fprint -fprintf -fls -fprint0 ", Action::kWrite},
    {" node nodejs bun deno ", "", " --env-file --env-file-if-exists ", Action::kRead},
    {" diff cmp sdiff ", "", " --from-file --to-file --exclude-from ", Action::kRead},
    {" diff ", "X", "", Action::kRead},
    {" pytest py.test ", "",
     " --junitxml --junit-xml --debug --log-file --html --report-log --basetemp ", Action::kWrite},
    {" npm pnpm yarn ", "", " --pack-destination ", Action::kWrite},
    {" rsync ", "", " --files-from --exclude-from --include-from --password-file ", Action::kRead},
    {" eslint ruff stylelint ", "o", " --output-file ", Action::kWrite},
    {" jest vitest ", "", " --outputFile --coverageDirectory ", Action::kWrite},
    {" cargo ", "", " --target-dir --artifact-dir --out-dir ", Action::kWrite},
    {" rustc ", "", " --out-dir ", Action::kWrite},
    {" go ", "",
     " -o -coverprofile -cpuprofile -memprofile -blockprofile -mutexprofile -trace -outputdir ",
     Action::kWrite},
    {" ssh-keygen ", "f", "", Action::kWrite},
    {" objcopy strip patchelf ", "o", " --output ", Action::kWrite},
    {" docker podman ", "", " --iidfile --metadata-file ", Action::kWrite},
    {" kubectl helm ", "", " --kubeconfig ", Action::kRead},
    {" terraform ", "", " -out -state -state-out -backup ", Action::kWrite},
    {" terraform ", "", " -var-file ", Action::kRead},
    {" gh ", "F", " --body-file --input ", Action::kRead},
    {" ffmpeg ", "i", "", Action::kRead},
    {" sort ", "T", " --temporary-directory ", Action::kWrite},
    {" psql xmllint pylint sdiff enscript a2ps ctags age cscope exiftool ", "o", " --output --out ",
     Action::kWrite},
    {" psql ", "L", " --log-file ", Action::kWrite},
    {" psql ", "f", " --file ", Action::kRead},
    {" ctags ", "f", "", Action::kWrite},
    {" less ", "oO", " --log-file --LOG-FILE ", Action::kWrite},
};

}  // namespace

const std::vector<const FileOption*>& file_options(std::string_view program) {
  static const shell::RowsByName<FileOption> kByProgram(kOptions);
  return kByProgram.of(program);
}

bool is_reader(std::string_view program) {
  static const shell::NameSet kReaders(
      " cat head tail less more most wc sort uniq cut diff diff3 sdiff cmp comm nl tac rev paste "
      "join od xxd hexdump "
      "hd strings base64 base32 basenc md5sum sha1sum sha224sum sha256sum sha384sum sha512sum "
      "b2sum "
      "cksum sum file "
      "stat ls dir vdir tree du bat batcat zcat bzcat xzcat zless zmore zgrep fold column readlink "
      "realpath view vi "
      "vim nano emacs gpg openssl iconv fmt pr expand unexpand shuf tsort look csplit split "
      "xmllint "
      "yq dos2unix source . "
      "wdiff colordiff delta icdiff glow pygmentize highlight source-highlight enscript a2ps lpr "
      "lp "
      "mail mutt "
      "sendmail play mpv open xdg-open eog feh python python2 python3 node ruby perl php lua bash "
      "sh "
      "dash zsh ksh "
      "pandoc gs pdftotext exiftool identify objdump nm readelf ldd size c++filt addr2line psql "
      "sqlite3 "
      "shellcheck eslint black ruff mypy pylint flake8 prettier rustfmt gofmt clang-format "
      "clang-tidy tsc javac "
      "gcc g++ cc c++ clang clang++ rustc ld as nasm ");
  return kReaders.contains(program);
}

}  // namespace oap::permission
