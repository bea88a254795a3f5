#!/bin/sh
# documented.sh TEXTS DOCUMENT FOLDER: every text of TEXTS is in DOCUMENT, and every line of the programs there is in
# the file of FOLDER that is named above it.
set -eu

texts=$1
document=$2
folder=$3

one_line() { tr '\n' ' ' | sed 's/  */ /g'; }

missing=$(
    # The parts of a text, joined; the quoted texts, without the quote marks of Markdown.
    words=$(sed 's/^> //' "$document" | one_line)
    sed -n '/static_assert(/,/);/p' "$texts" | sed '/"/!d; s/^[^"]*"//; s/"[^"]*$//' |
        awk '/^mpimap\[/ { if (text) print text; text = "" } { text = text $0 } END { print text }' |
        while IFS= read -r text; do
            case $words in
            *"$text"*) ;;
            *) echo "not documented: $text" ;;
            esac
        done

    file=
    code=
    while IFS= read -r line; do
        case $line in
        *'](../tests/compile_fail/'*'.cpp)'*)
            file=$folder/$(printf '%s\n' "$line" | sed 's|.*](../tests/compile_fail/\(.*\.cpp\)).*|\1|')
            [ -f "$file" ] || echo "no such file: $file"
            ;;
        '```cpp') code=$file ;;
        '```') code= ;;
        '#'*' '*) [ -n "$code" ] || file= ;;
        esac
        case $line in
        '```cpp' | '// does not compile' | '// mended' | '') ;;
        *)
            if [ -n "$code" ] && [ -f "$code" ]; then
                grep -q -F -e "$line" "$code" || echo "$code has no line: $line"
            fi
            ;;
        esac
    done <"$document"
)
if [ -n "$missing" ]; then
    printf '%s\n' "$missing"
    exit 1
fi
