-- The pipelines that every installation has.
begin;
insert into batchline_base.pipelines (id, name, definition) values
(1, 'web', '{"views":[{"name":"web","operations":[
	{"operation":"thumbnail_image","width":2048,"height":2048,"size":"down"},
	{"operation":"sharpen"},
	{"operation":"colourspace","space":"srgb"}],"format":"jpeg","options":{"Q":85,"strip":true}}]}'),
(2, '3-view render', '{"views":[
	{"name":"hero","operations":[
	{"operation":"thumbnail_image","width":2048,"height":2048,"size":"down"},
	{"operation":"sharpen"},
	{"operation":"colourspace","space":"srgb"}],"format":"jpeg","options":{"Q":85,"strip":true}},
	{"name":"square","operations":[
	{"operation":"thumbnail_image","width":1080,"height":1080,"crop":"attention"},
	{"operation":"colourspace","space":"srgb"}],"format":"jpeg","options":{"Q":85,"strip":true}},
	{"name":"thumbnail","operations":[
	{"operation":"thumbnail_image","width":320,"height":320,"size":"down"},
	{"operation":"colourspace","space":"srgb"}],"format":"webp","options":{"Q":80,"strip":true}}]}'),
(3, 'command', '{"command":"thumbnail","views":[{"name":"out","format":"png"}]}');
commit;
