/* settings_faults - one line a fault, harmless to a terminal. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/settings_faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"

enum { FAULTS_TEXT_MAX = 256 * 1024, SENTENCE_SIZE = 2 * WHY_SIZE, PLACE_SIZE = 24 };

void settings_faults_init(struct settings_faults *faults)
{
	buffer_init(&faults->text, FAULTS_TEXT_MAX);
	buffer_init(&faults->notes, FAULTS_TEXT_MAX);
	faults->count = 0;
}

void settings_faults_clear(struct settings_faults *faults)
{
	buffer_clear(&faults->text);
	buffer_clear(&faults->notes);
	faults->count = 0;
}

/* A fault repeats names from the file: they may not move the cursor or end the line. */
static void blunt(char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)text[0], next = (unsigned char)text[1];

		if (byte < ' ' || byte == 0x7F)
			text[0] = '?';
		else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F)
			memcpy(text, "??", 2);
	}
}

__attribute__((format(printf, 4, 0))) static void write_line(struct buffer *to, const char *file, size_t line,
							     const char *format, va_list args)
{
	char sentence[SENTENCE_SIZE], place[PLACE_SIZE] = "";

	vsnprintf(sentence, sizeof(sentence), format, args);
	blunt(sentence);
	if (line > 0)
		text_format(place, sizeof(place), ":%zu", line);
	buffer_append_format(to, "%s%s: %s\n", file, place, sentence);
}

void settings_fault(struct settings_faults *faults, const char *file, size_t line, const char *format, ...)
{
	va_list args;

	if (++faults->count > FAULTS_WRITTEN_MAX)
		return;
	va_start(args, format);
	write_line(&faults->text, file, line, format, args);
	va_end(args);
}

void settings_note(struct settings_faults *faults, const char *file, size_t line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(&faults->notes, file, line, format, args);
	va_end(args);
}

void settings_faults_close(struct settings_faults *faults, const char *file)
{
	if (faults->count > FAULTS_WRITTEN_MAX)
		buffer_append_format(&faults->text, "%s: and %zu more; correct these first\n", file,
				     faults->count - FAULTS_WRITTEN_MAX);
}

void settings_faults_move(struct settings_faults *faults, struct settings_faults *from)
{
	buffer_append_text(&faults->text, buffer_text(&from->text));
	buffer_append_text(&faults->notes, buffer_text(&from->notes));
	faults->count += from->count;
	settings_faults_clear(from);
}
