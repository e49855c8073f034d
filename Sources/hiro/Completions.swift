import ArgumentParser
import Environments
import Experiments
import Learning

/// The words that a shell offers as completions: the names that this program knows at the time when
/// the completion script is generated.
extension CompletionKind {
  /// The tasks.
  static var task: CompletionKind { .list(TaskRegistry.all.map(\.name)) }

  /// The presets.
  static var preset: CompletionKind { .list(Preset.all.map(\.name)) }

  /// The names of presets and maps, which `hiro list presets` and `hiro list maps` can print
  /// singly.
  static var presetOrMap: CompletionKind {
    .list(Preset.all.map(\.name) + MazeMap.builtIn.map(\.name))
  }

  /// The settings, each followed by `=`; a setting that is a choice of words appears once with each
  /// word.
  static var assignment: CompletionKind {
    .list(
      Setting.all.filter { $0.key != "task" }.flatMap { setting in
        guard case .choice(let words) = setting.kind else { return ["\(setting.key)="] }
        return words.map { "\(setting.key)=\($0)" }
      })
  }
}

/// Changes the scripts that `hiro --generate-completion-script` prints.
enum CompletionScript {
  /// The argument parser's `script` for a shell, changed for settings: no space is added after
  /// `key=`.
  static func improved(_ script: String) -> String {
    if script.hasPrefix("#!/bin/bash") { return script + bash }
    return script.replacing(
      "    _describe -V '' non_empty_completions --",
      with: """
            local -a suffix=()
            [[ -n "${non_empty_completions[(r)*=]}" ]] && suffix=(-S '')
            _describe -V '' non_empty_completions "${suffix[@]}" --
        """)
  }

  /// Bash splits `lower.discount=0.9` into three words at the `=`; this joins them into one again.
  private static let bash = """


    _hiro_whole_words() {
        local -a words=("${COMP_WORDS[0]}")
        local -i index
        for ((index = 1; index <= COMP_CWORD; index++)); do
            if [[ "${words[-1]}" != -* && ("${COMP_WORDS[index]}" == '=' || "${words[-1]}" == *=) ]]; then
                words[-1]+="${COMP_WORDS[index]}"
            else
                words+=("${COMP_WORDS[index]}")
            fi
        done
        local whole="${words[-1]}"
        local -a COMP_WORDS=("${words[@]}")
        local -i COMP_CWORD=$((${#words[@]} - 1))
        _hiro hiro "${whole}" "${words[-2]}"
        if [[ "${whole}" == *=* ]]; then
            local -a values=()
            local reply
            for reply in "${COMPREPLY[@]#*=}"; do
                [[ -n "${reply}" ]] && values+=("${reply}")
            done
            COMPREPLY=("${values[@]}")
        elif [[ "${COMPREPLY[0]}" == *=* ]]; then
            compopt +o filenames -o nospace
        fi
    }
    complete -o filenames -F _hiro_whole_words hiro
    """
}
