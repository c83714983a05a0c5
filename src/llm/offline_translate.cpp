#include <algorithm>
#include <span>

#include "llm/offline_words.hpp"

namespace oap::llm::offline {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// The verbs of each language stand before the empty pair, the other words behind it.
constexpr Pair kGerman[] = {
    {"lies", "read"},
    {"lese", "read"},
    {"zeige", "show"},
    {"zeig", "show"},
    {"öffne", "open"},
    {"liste", "list"},
    {"suche", "search"},
    {"such", "search"},
    {"finde", "find"},
    {"führe", "run"},
    {"fuehre", "run"},
    {"starte", "run"},
    {"lösche", "delete"},
    {"loesche", "delete"},
    {"schreibe", "write"},
    {"schreib", "write"},
    {"erstelle", "create"},
    {"kopiere", "copy"},
    {"verschiebe", "move"},
    {"ersetze", "replace"},
    {"", ""},
    {"die", "the"},
    {"der", "the"},
    {"das", "the"},
    {"den", "the"},
    {"dem", "the"},
    {"eine", "a"},
    {"einen", "a"},
    {"ein", "a"},
    {"datei", "file"},
    {"dateien", "files"},
    {"ordner", "directory"},
    {"verzeichnis", "directory"},
    {"alle", "all"},
    {"inhalt", "contents"},
    {"von", "of"},
    {"nach", "for"},
    {"im", "in"},
    {"mit", "with"},
    {"befehl", "command"},
    {"aktuellen", "current"},
    {"aktuelle", "current"},
    {"verfügbaren", "available"},
    {"skills", "skills"},
    {"fähigkeiten", "skills"},
    {"mir", "me"},
    {"bitte", "please"},
    {"auf", "please"},
    {"aus", "please"},
    {"und", "and"},
    {"dann", "then"},
    {"danach", "then"},
    {"durch", "with"},
    {"text", "text"},
};
constexpr Pair kFrench[] = {
    {"lis", "read"},
    {"affiche", "show"},
    {"montre", "show"},
    {"ouvre", "open"},
    {"liste", "list"},
    {"cherche", "search"},
    {"recherche", "search"},
    {"trouve", "find"},
    {"exécute", "run"},
    {"execute", "run"},
    {"lance", "run"},
    {"supprime", "delete"},
    {"efface", "delete"},
    {"écris", "write"},
    {"ecris", "write"},
    {"crée", "create"},
    {"copie", "copy"},
    {"déplace", "move"},
    {"remplace", "replace"},
    {"", ""},
    {"le", "the"},
    {"la", "the"},
    {"les", "the"},
    {"un", "a"},
    {"une", "a"},
    {"fichier", "file"},
    {"fichiers", "files"},
    {"dossier", "directory"},
    {"répertoire", "directory"},
    {"tous", "all"},
    {"toutes", "all"},
    {"contenu", "contents"},
    {"de", "of"},
    {"du", "of"},
    {"des", "of"},
    {"dans", "in"},
    {"avec", "with"},
    {"par", "with"},
    {"commande", "command"},
    {"courant", "current"},
    {"actuel", "current"},
    {"disponibles", "available"},
    {"compétences", "skills"},
    {"skills", "skills"},
    {"moi", "me"},
    {"et", "and"},
    {"puis", "then"},
    {"ensuite", "then"},
    {"texte", "text"},
    {"pour", "for"},
};
constexpr Pair kSpanish[] = {
    {"lee", "read"},
    {"muestra", "show"},
    {"muéstrame", "show"},
    {"abre", "open"},
    {"lista", "list"},
    {"busca", "search"},
    {"encuentra", "find"},
    {"ejecuta", "run"},
    {"borra", "delete"},
    {"elimina", "delete"},
    {"escribe", "write"},
    {"crea", "create"},
    {"copia", "copy"},
    {"mueve", "move"},
    {"reemplaza", "replace"},
    {"", ""},
    {"el", "the"},
    {"la", "the"},
    {"los", "the"},
    {"las", "the"},
    {"un", "a"},
    {"una", "a"},
    {"archivo", "file"},
    {"fichero", "file"},
    {"archivos", "files"},
    {"ficheros", "files"},
    {"directorio", "directory"},
    {"carpeta", "directory"},
    {"todos", "all"},
    {"todas", "all"},
    {"contenido", "contents"},
    {"de", "of"},
    {"del", "of"},
    {"en", "in"},
    {"con", "with"},
    {"por", "with"},
    {"comando", "command"},
    {"actual", "current"},
    {"disponibles", "available"},
    {"habilidades", "skills"},
    {"skills", "skills"},
    {"me", "me"},
    {"y", "and"},
    {"luego", "then"},
    {"después", "then"},
    {"texto", "text"},
    {"a", "to"},
};

std::span<const Pair> dictionary_for(std::string_view verb) {
  for (const std::span<const Pair> words :
       {std::span<const Pair>(kGerman), std::span<const Pair>(kFrench),
        std::span<const Pair>(kSpanish)}) {
    for (const auto& [foreign, english] : words) {
      if (foreign.empty()) {
        break;
      }
      if (foreign == verb) {
        return words;
      }
    }
  }
  return {};
}

std::size_t known(std::span<const Pair> dictionary, const std::vector<Word>& words) {
  return static_cast<std::size_t>(std::count_if(words.begin(), words.end(), [&](const Word& word) {
    return std::any_of(dictionary.begin(), dictionary.end(),
                       [&](const Pair& pair) { return pair.first == word.lower; });
  }));
}

}  // namespace

void translate(std::vector<Word>& words) {
  const auto first = std::find_if(words.begin(), words.end(), [](const Word& word) {
    return word.lower != "bitte" && !word.lower.empty();
  });
  if (first == words.end() || dictionary_for(first->lower).empty()) {
    return;
  }
  // "liste" is German and French: the one that knows more of the words.
  std::span<const Pair> best = dictionary_for(first->lower);
  for (const std::span<const Pair> other :
       {std::span<const Pair>(kGerman), std::span<const Pair>(kFrench),
        std::span<const Pair>(kSpanish)}) {
    if (known(other, words) > known(best, words)) {
      best = other;
    }
  }
  for (Word& word : words) {
    for (const auto& [foreign, english] : best) {
      if (!foreign.empty() && word.lower == foreign) {
        word.lower = std::string(english);
        break;
      }
    }
  }
}

}  // namespace oap::llm::offline
