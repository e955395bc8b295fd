"""What people type and say, as templates: the raw material of `vlp_graph.nano.utterances`.

One template a line, one block a task. `{P}` and `{S}` are the things a turn is about (plural, singular),
`{N}` either of them, `{M}` two or three of them, `{T}` a second thing, `{L}` the caller's labels, `{C}` a
colour. Wording only: no line of `hand_turns.jsonl` may be copied here, or the evaluation means nothing.
"""

from __future__ import annotations

CHAT = """
hello
hi
hey there
good afternoon
hiya, how are things
morning!
good evening to you
howdy
greetings
thanks
thank you
thanks so much
thanks, that was quick
many thanks for your help
that's great, thank you
brilliant, cheers
lovely, ta
ok great
okay
perfect
alright then
cool cool
nice work
well done
excellent
that is exactly what i needed
you're amazing
goodbye
bye bye
see you later
talk to you soon
have a nice day
good night
i'm done for now
that will be all
who are you
what's your name?
what are you exactly?
are you a human or a machine?
are you an ai?
what can you do for me?
what sort of things can i ask you?
how do you work?
which model are you?
who built you?
do you speak french?
do you understand german?
how are you?
how are you feeling today?
how's life
what's new?
tell me a joke
tell me a funny story
tell me something interesting
tell me about yourself
tell me a fact about {P}
write a short poem
write a poem about {P}
write me a song about a {S}
make up a story about a {S}
sing something
what's the capital of italy?
what is the largest country in the world?
what is the square root of 81?
what's twelve plus thirty?
how far away is the moon?
how many days are in a year?
how many legs does a spider have?
who was the first person in space?
who painted the mona lisa?
when was the telephone invented?
why do leaves fall in autumn?
why is grass green?
how do planes stay in the air?
how do you boil an egg?
how can i learn to draw?
give me a recipe for soup
give me some advice
what does recursion mean?
what does irony mean
explain machine learning to me in simple words
translate thank you into japanese
how do you say hello in italian?
recommend a good book
what should i cook tonight?
what should i wear tomorrow
what's the weather going to be tomorrow?
i feel sad
i'm bored
i'm really happy today
i had a long day at work
my dog is called max
i like {P}
i hate {P}
do you like {P}?
have you ever had a {S}?
what do {P} cost these days?
how much is a new {S}?
where can i get a cheap {S}?
what are {P} good for in general?
who invented the {S}?
sorry
my bad, forget that
never mind
no problem
yes
no
no thanks
sure, go on
i see
that makes no sense to me
you're wrong about that
are you sure?
i don't believe you
ha ha
lol nice
wow, impressive
can you help me with something?
i have a question for you
are you still there?
could you say that more simply?
speak slower please
let's change the subject
let's play a game
what's the meaning of life?
what do you think about politics?
happy birthday!
merry christmas
congratulations
it's raining here today
"""

DESCRIBE = """
describe
describe this
describe the picture
describe the image
describe this photo for me
describe what you see
describe the scene in one sentence
describe everything in the picture
describe it in detail
describe the whole image
give me a description
give me a detailed description of the picture
give me a brief description of this image
give me a caption
give me a caption for this photo
give me a quick overview of the picture
give me a summary of the image
give me an idea of what is in this picture
caption
caption the image
caption this picture for me
write a caption
write a one sentence caption for the photo
write a description of this
write a short report on this picture
write down what you see
write an alt text for this image
generate a caption
generate a description for the image
make a caption for this
come up with a caption
what is this?
what's this?
what is this picture of?
what's this a photo of?
what is in this image?
what's in this picture?
what is in the photo?
what is in here?
what's in it?
what do you see?
what do you see in this picture?
what do you see in the image?
what can you see?
what can you see in the photo?
what can be seen here?
what can you tell me about this picture?
what does the image show?
what does this show?
what does the photo contain?
what does this image contain?
what does the scene look like?
what is shown here?
what is shown in the picture?
what is depicted in this image?
what is going on here?
what's going on in the photo?
what is happening in this scene?
what's happening?
what's on the picture?
what's visible in this image?
what things are in the picture?
what objects are there?
what objects are in the image?
which objects do you see?
which things can you see in the picture?
what shapes are in the picture?
what shapes do you see?
what all is in the picture
what's all in there
what am i seeing here?
what did i just upload?
what did i send you?
tell me what is in the picture
tell me what's in this image
tell me what you can see
tell me about the picture
tell me about this image
tell me what this photo shows
tell me everything about the scene
tell me all you can see here
tell me what is going on
explain the picture
explain the image to me
explain what is going on in the photo
explain what we see here
say what is in the image
say in a few words what this shows
say what you see
summarize the picture
summarize what is in the image
summarise this photo in a line
sum up the scene for me
list everything in the picture
list the objects in this image
list what you can see
name everything you see
name the things in the photo
how would you caption this?
how would you describe the picture?
how would you describe this scene to a friend?
can you see the picture?
do you see the image?
could i have a description of this?
could i get a caption?
i would like a description of the photo
i want to know what is in the picture
i need a caption for this picture
i need a description of the scene
i cannot see this picture well, tell me what is there
my screen reader needs a text for this image
let me know what you see
look at this picture and tell me what you see
look at the image and describe it
have a look at this photo
take a look at this
take a look and tell me what's there
walk me through the image
read the scene to me
picture this for me in words
talk about the picture
an overview please
a summary of the scene please
a caption please
a few words about this picture
full description
short description of the image
image description
scene description please
content of the picture?
contents of the image
"""

ANSWER = """
is there a {S}?
is there a {S} in the picture?
is there a {S} in this image?
is there any {S} here?
is there a {S} somewhere?
is there a {S} or not?
there is a {S}, right?
are there {P}?
are there any {P}?
are there any {P} in the picture?
are there any {P} in the image?
are there {P} in this photo?
any {P}?
any {P} in here?
any {S} in the picture?
do you see a {S}?
do you see any {P}?
can you see a {S}?
can you see any {P} in the image?
does the picture have a {S}?
does the image contain a {S}?
does the image contain any {P}?
does it have a {S}?
has it got any {P}?
is a {S} visible?
is a {S} in the picture?
is the {S} in the image?
i wonder if there is a {S}
check whether there is a {S}
check if the image has {P}
tell me if there is a {S}
tell me whether you see a {S}
tell me if there are any {P}
what color is the {S}?
what colour is the {S}?
what color are the {P}?
what colour does the {S} have?
what is the color of the {S}?
what's the colour of the {S}?
which color is the {S}?
which colour do the {P} have?
tell me what color the {S} is
tell me the colour of the {S}
name the color of the {S}
say which colour the {S} is
color of the {S}?
is the {S} {C}?
is the {S} {C} or {C}?
is the {S} really {C}?
are the {P} {C}?
are all the {P} {C}?
does the {S} look {C}?
what shape is the {S}?
which shape is the {S}?
what shape is the {C} object?
what shape is the {C} thing?
what is the shape of the {C} object?
what shape does the {C} one have?
which shape is {C}?
what is the {C} thing?
what's the {C} object?
tell me the shape of the {C} thing
how big is the {S}?
what size is the {S}?
is the {S} small or large?
is the {S} big or small?
is the {S} large?
is the {S} small?
is the {S} bigger than the {T}?
is the {S} smaller than the {T}?
which is bigger, the {S} or the {T}?
which one is larger, the {S} or the {T}?
which object is the biggest?
which object is the smallest?
which shape is the largest?
which thing is the smallest one?
what is the largest object?
what is the biggest thing in the picture?
what's the smallest shape?
which {S} is bigger?
what is left of the {S}?
what is to the left of the {S}?
what is right of the {S}?
what's to the right of the {S}?
what is above the {S}?
what's above the {S}?
what is below the {S}?
what is under the {S}?
what is next to the {S}?
what's beside the {S}?
what is near the {S}?
what is between the {S} and the {T}?
what lies below the {S}?
what do you see above the {S}?
what object is left of the {S}?
which object is right of the {S}?
which shape is above the {S}?
which thing is below the {S}?
tell me what is left of the {S}
tell me what is above the {S}
is the {S} left of the {T}?
is the {S} to the left of the {T}?
is the {S} right of the {T}?
is the {S} above the {T}?
is the {S} below the {T}?
is the {S} under the {T}?
is the {S} next to the {T}?
is the {S} touching the {T}?
is the {S} on the left or on the right?
is the {S} at the top or at the bottom?
is there a {S} left of the {T}?
is there a {S} above the {T}?
is anything left of the {S}?
is there anything above the {S}?
is there something next to the {S}?
where is the {S} relative to the {T}?
what colour is the thing left of the {S}?
what color is the object above the {S}?
what color is the shape below the {S}?
are the {P} bigger than the {T}?
are the {P} the same color?
do the {P} all have the same size?
do the {S} and the {T} have the same colour?
are there more {P} than {P}?
which are there more of, {P} or {P}?
what is the {S} made of?
what is the {S} doing?
what is the {S} for?
what is on the {S}?
what's inside the {S}?
what is behind the {S}?
who is holding the {S}?
who is next to the {S}?
what is the man doing?
what is the woman holding?
what is she wearing?
what is the child looking at?
what is written on the {S}?
what does the sign say?
what does the text say
can you read what is on the {S}?
what time does the clock show?
what's the number on the {S}?
what brand is the {S}?
what kind of {S} is this?
what type of {S} is it?
what breed is that dog?
how old is the {S}?
how tall is the {S}?
is the {S} new?
is the {S} open?
is the {S} broken?
does the {S} have a handle?
does anyone wear a {S}?
why is the {S} there?
why are they laughing?
are the people happy?
is it sunny in the picture?
is it day or night there, can you tell from the shadows?
what's the weather like there?
what season is it?
where was the photo taken?
which city is this?
what is the background made of?
what colour is the background?
what color is the wall behind the {S}?
what's in front of the {S}?
is somebody sitting on the {S}?
whose {S} is this?
what pattern does the {S} have?
"""

DETECT = """
find the {S}
find the {P}
find {N}
find all {P}
find every {S}
find me the {S}
find me all of the {P}
find {M}
find the {S} in the picture
find any {P} in the image
find where the {S} is
where is the {S}?
where's the {S}?
where is the {S} in the picture?
where is the {S} located?
where are the {P}?
where are all the {P}?
where are the {P} in this image?
where can i find the {S}?
where do you see the {S}?
where do you see {P}?
where exactly is the {S}?
where would i find the {P}?
where did the {S} go?
wheres the {S}
locate the {S}
locate the {P}
locate {N}
locate all the {P}
locate each {S}
locate {M}
localize the {S}
detect the {S}
detect {P}
detect all {P}
detect every {S} in the image
detect any {S}
detect {M}
show me the {S}
show me the {P}
show me all {P}
show me every {S}
show me where the {S} is
show me where the {P} are
show me {M}
show the {S}
show the location of the {S}
show all the {P} in the image
point at the {S}
point to the {P}
point out the {S}
point me to the {S}
point out {M}
mark the {S}
mark all the {P}
mark each {S} with a box
mark {M} in the picture
box the {S}
box all {P}
box {M}
box in the {S}
put a box around the {S}
put boxes around the {P}
put a bounding box on every {S}
put a rectangle around the {S}
draw a box around the {S}
draw a box around each {S}
draw a bounding box around the {S}
draw boxes around {M}
draw rectangles around the {P}
draw a frame around the {S}
give me the box of the {S}
give me bounding boxes for the {P}
give me the bounding box of the {S}
give me the position of the {S}
give me the location of the {P}
give me the coordinates of all {P}
give me boxes around {M}
get the bounding boxes of the {P}
get me the coordinates of the {S}
return the boxes of all {P}
return the location of the {S}
look for the {S}
look for {P}
look for {M}
search for the {S}
search for {P}
search the photo for a {S}
spot the {S}
spot all the {P}
identify the {S}
identify all {P}
identify where the {P} are
indicate the {S}
indicate where the {S} is
highlight the {S}
highlight the {P}
highlight every {S} in the picture
highlight {M}
pinpoint the {S}
pick out the {P}
track down the {S}
frame the {P}
circle the {S} on the picture
tell me where the {S} is
tell me where to find the {P}
tell me the position of the {S}
tell me the location of the {S}
i am looking for the {S}
i'm looking for {P}
i can't find the {S}
i cannot see the {S}, where is it?
i want to see where the {P} are
i need the boxes of the {P}
i need the position of the {S}
i need to find the {S}
i want boxes around the {P}
help me locate the {S}
help me spot the {P}
can you locate a {S}?
can you find any {P}?
can you find me a {S}?
can you point to the {S}?
could you show me a {S}?
position of the {S}?
location of the {P}
coordinates of the {S}
bounding boxes for {P}
bounding box around the {S} please
boxes for {M}
in which part of the picture is the {S}?
at what position is the {S}?
which region contains the {S}?
whereabouts are the {P}?
run the detector on {P}
object detection: {P}
go and find the {S}
let me see where the {S} is
see if you can find the {S}
"""

SEGMENT = """
segment the {S}
segment the {P}
segment {N}
segment all {P}
segment every {S}
segment {M}
segment each {S} in the image
segment out the {S}
run segmentation on the {P}
do a segmentation of the {S}
segmentation of the {P}
segmentation mask for the {S}
segmentation masks of all {P}
outline the {S}
outline the {P}
outline {N}
outline all the {P}
outline each {S}
outline {M}
outline every {S} in the picture
draw an outline of the {S}
draw an outline around the {S}
draw the outline of the {P}
draw outlines around {M}
draw the exact border of the {S}
draw the edges of the {S}
draw a mask over the {S}
give me the outline of the {S}
give me outlines of the {P}
give me a mask for the {S}
give me the mask of the {S}
give me masks of all {P}
give me the segmentation of the {S}
give me the shape of the {S} as a mask
give me the contours of the {P}
give me the pixels of the {S}
give me a cutout of the {S}
give me pixel masks for {M}
get the mask of the {S}
get me a mask for each {S}
get me masks for {M}
get the outline of the {P}
mask the {S}
mask the {P}
mask {N}
mask all {P}
mask every {S}
mask {M}
mask out the {P}
mask off the {S}
make a mask of the {S}
make masks for the {P}
make a mask for {M}
create a mask of the {S}
create a mask for the {P}
create masks for all {P}
create a segmentation of the {S}
create an outline of the {S}
create a cutout of the {P}
generate a mask for the {S}
generate masks for {M}
produce a mask of the {P}
compute the mask of the {S}
return the mask of the {S}
show the mask of the {S}
show me the mask of the {P}
show me the outline of the {S}
show me the exact shape of the {S}
show me masks for {M}
show me the pixels that belong to the {S}
cut out the {S}
cut out the {P}
cut out all {P}
cut out {M}
cut the {S} out
cut the {P} out of the image
cut the {S} out of the picture
crop out the {S} exactly along its edge
clip the {S} out
extract the {S}
extract the {S} from the picture
extract the {P} from the background
extract {M}
isolate the {S}
isolate the {P} from the rest
isolate {M}
separate the {S} from the rest of the image
separate the {P} from the background
remove the background around the {S}
remove the background, keep the {S}
remove everything but the {S}
delete everything except the {P}
keep only the {S} and erase the rest
keep just the {P}
trace the {S}
trace the {P}
trace the edge of the {S}
trace the contour of the {P}
trace {M}
find the exact outline of the {S}
find the contour of the {S}
find the exact borders of the {P}
select the {S} precisely
select all pixels of the {P}
which pixels are the {S}?
which pixels make up the {P}?
what is the exact shape of the {S} in pixels?
what is the outline of the {S}?
what area does the {S} cover?
how much of the picture does the {S} cover?
how large is the area of the {S} in pixels?
what percentage of the image is {P}?
what part of the image is covered by the {S}?
i need a mask of the {S}
i need the outline of the {P}
i need masks for {M}
i need the {S} cut out
i want the {S} as a cutout
i want a mask of the {P}
i want the exact contour of the {S}
i want to cut out the {S}
i want the {S} without the background
i'd like the {S} outlined
i'd like a mask for every {S}
can i have a mask of the {S}?
can i get the silhouette of the {S}?
could i get an outline of the {P}?
color in the {S}
fill in the {P}
paint the {P} in one colour
shade the {S}
mask for the {S}
mask of the {P} please
masks for {M}
outline of the {S}
contour of the {S}
silhouette of the {S} please
pixel mask: {P}
"""

COUNT = """
how many {P}?
how many {P} are there?
how many {P} are in the picture?
how many {P} are in this image?
how many {P} are there in the photo?
how many {P} are there in total?
how many {P} are visible?
how many {P} are shown?
how many {P} can be seen?
how many {P} can you see?
how many {P} can you count?
how many {P} can you find in the image?
how many {P} do you see?
how many {P} do you see in the picture?
how many {P} do you count?
how many {P} does the picture show?
how many {P} does the image contain?
how many {P} have you found?
how many {P} did you find?
how many {P} do i have here?
how many {P} do we have?
how many {P} is that?
how many of the objects are {P}?
how many different {P} are there?
how many individual {P} are there?
how many {M} are there?
how many {P} all together?
how many {P} altogether?
how many {P} in here
how many {P} in the picture
so how many {P} are there now?
and how many {P} are there?
count the {P}
count all the {P}
count {P}
count every {S}
count each {S} in the image
count the {P} in the picture
count the {P} you see
count up all the {P}
count how many {P} there are
count {M}
count all the {P} in this photo
count them all, the {P}
count the number of {P}
do a count of the {P}
do the counting for me: {P}
start counting the {P}
tell me how many {P} there are
tell me how many {P} you see
tell me how many {P} you can find
tell me how many {P} are in the picture
tell me the number of {P}
tell me the count of {P}
tell me the total number of {P}
say how many {P} there are
say how many {P} you see
give me the number of {P}
give me the total number of {P}
give me a count of the {P}
give me the total of {P}
give me the number of {P} in the image
give me a tally of the {P}
give me counts for {M}
get me the number of {P}
get the count of {P}
return the number of {P}
report the number of {P}
determine the number of {P}
find out how many {P} there are
find the number of {P}
figure out how many {P} there are
work out how many {P} there are
check how many {P} there are
compute the number of {P}
estimate the number of {P}
what is the number of {P}?
what is the total number of {P}?
what's the number of {P} in the picture?
what's the count of {P}?
what is the count of the {P}?
what number of {P} do you see?
what's the total of {P}?
what is the amount of {P}?
number of {P}
number of {P}?
number of {P} in the image
the number of {P} please
total number of {P}
total count of {P}
count of {P}
{P}, how many?
{P}: how many?
{P} - how many are there?
the {P}, how many are there
quantity of {P}?
i want to know how many {P} there are
i want the number of {P}
i need to know the number of {P}
i need the count of {P}
i need a count of all {P}
i'd like to know how many {P} you see
i wonder how many {P} there are
i would like a count of the {P}
can you tell me how many {P} there are?
can you say how many {P} there are?
can you count the {P}?
could you count the {P} for me?
do you know how many {P} there are?
any idea how many {P} there are?
are there more than two {P}?
are there more than five {P}?
are there at least three {P}?
are there fewer than four {P}?
are there exactly two {P}?
are there only two {P}?
is there just one {S}?
is there only one {S}?
is there more than one {S}?
is there one {S} or are there several?
do you see more than three {P}?
do i have three {P}?
enumerate the {P}
number the {P}
make a tally of {M}
tally all {P}
let me know how many {P} there are
let me know the number of {P}
"""

CLASSIFY = """
is it {L}?
is this {L}?
is that {L}?
is this picture {L}?
is the picture {L}?
is this image {L}?
is the image {L}?
is the photo {L}?
is this photo {L}?
is the scene {L}?
is this a picture of a {L}?
is it more {L}?
is it rather {L}?
is this one {L}?
is this thing {L}?
is this considered {L}?
is it supposed to be {L}?
is what i sent {L}?
was it {L}?
so is it {L}
and is this {L}?
what is it, {L}?
what is this, {L}?
what's that, {L}?
what would you call this, {L}?
which is it: {L}?
which one is it, {L}?
which one is this: {L}?
which class is it: {L}?
which class does this belong to: {L}?
which category fits, {L}?
which category does the image belong to: {L}?
which label is right: {L}?
which label is best for this picture: {L}?
which of {L} is it?
which of these describes the image: {L}?
which word fits best: {L}?
which of the following is it: {L}?
classify this: {L}
classify this picture as {L}
classify the photo as {L}
classify it as {L}
classify into {L}
classify the image into {L}
classify the scene: {L}
classify: {L}
classify between {L}
categorize this as {L}
categorize the image: {L}
categorise it into {L}
label this {L}
label the image as {L}
label the picture: {L}
label it as either {L}
label this photo with {L}
tag the picture: {L}
tag it as {L}
tag the photo with one of {L}
sort this picture into {L}
sort it: {L}
sort the image into one of {L}
put this into {L}
put the image into one of these classes: {L}
put a label on it: {L}
give it one of these labels: {L}
give me the best label: {L}
give me one of {L}
give the picture a class out of {L}
assign one label: {L}
assign the image to {L}
assign it to one of the classes {L}
choose one: {L}
choose {L}
choose the best label: {L}
choose a category for the picture: {L}
choose the class of the image from {L}
choose from {L}
pick {L}
pick the right one: {L}
pick the best label from {L}
pick a class for this: {L}
pick the category that fits: {L}
select one of {L}
select the matching label: {L}
select the class: {L}
decide between {L}
decide if this is {L}
decide whether the picture is {L}
decide what it is: {L}
determine if it is {L}
determine whether this is {L}
tell me if this is {L}
tell me if it is {L}
tell me whether this picture is {L}
tell me which it is: {L}
tell me which label fits: {L}
say whether this is {L}
say if it's {L}
judge it: {L}
judge the picture as {L}
rate it {L}
rate the picture as {L}
does it look {L}?
does this look more {L}?
does the picture look {L}?
does this count as {L}?
does the image show {L}?
does it belong to {L}?
would you say it's {L}?
would you say this is {L}?
would you call it {L}?
would you classify this as {L}?
do you think it is {L}?
do you think this is {L}?
do you reckon it's {L}?
should this go under {L}?
should i file it under {L}?
can you tell if this is {L}?
can you classify this as {L}?
could it be {L}?
i need to know if it is {L}
i want to know whether this is {L}
i am not sure if this is {L}
i wonder whether it's {L}
i have these classes: {L}
i have to sort this into {L}
my labels are {L}
my categories are {L}
the labels are {L}
the classes are {L}
the options are {L}
the possible classes are {L}, which one is it?
possible labels: {L}
labels {L}
classes: {L}
options: {L}
choices: {L}
candidates: {L}
these are the categories: {L}
either {L}
{L}
{L}?
{L} - which one?
{L}: which is it?
{L}, what would you say?
{L}, which one fits?
{L}, you decide
out of {L}, which one is it?
between {L}, which one is right?
from {L}, choose one
use one of these tags: {L}
use the labels {L}
answer with {L}
reply with one of {L}
one of {L} please
only say {L}
"""

SINGLE: dict[str, str] = {
    "chat": CHAT,
    "describe": DESCRIBE,
    "answer": ANSWER,
    "detect": DETECT,
    "segment": SEGMENT,
    "count": COUNT,
    "classify": CLASSIFY,
}

# A turn that takes up what the history line is about: `it` after one thing, `them` after several.
FOLLOW_UP_IT: dict[str, str] = {
    "detect": """
where is it?
where exactly is it?
show it to me
show me where it is
find it
locate it
point at it
mark it
put a box around it
draw a box around it
box that
give me its position
highlight that one
ok and where is that?
where in the picture is it?
can you point to it
""",
    "segment": """
outline it
outline that
now outline it please
segment it
mask it
cut it out
now cut that out
give me a mask of it
give me its outline
trace it
extract it
isolate it
show me its exact shape
make a mask for that one
draw its contour
get me the mask of that
""",
    "answer": """
what color is it?
what colour does it have?
how big is it?
is it the biggest one?
what is left of it?
what is above it?
what's next to it?
what is below it?
is there anything right of it?
what shape is it?
what is it made of?
what is it doing?
is it {C}?
does it look new?
is it left of the {T}?
""",
    "count": """
how many of those are there?
how many such things are there?
and how many are there?
count how many there are
""",
}
FOLLOW_UP_THEM: dict[str, str] = {
    "detect": """
where are they?
where exactly are they?
show them to me
show me where they are
find them
locate those
point at them
mark them all
put boxes around them
draw a box around each of them
box those
give me their positions
highlight them
where do you see them?
and where are those?
can you show me
""",
    "segment": """
outline them
outline those
now outline them please
segment them
segment all of them
mask them
mask those too
cut them out
now cut those out
give me masks of them
give me their outlines
trace them all
extract them
isolate those
show me their exact shapes
make masks for all of these
""",
    "answer": """
what color are they?
what colour do they have?
are they all the same size?
are they {C}?
which of them is the biggest?
what is next to them?
what are they made of?
what are they doing?
are they all the same colour?
do they look new?
is there anything above them?
""",
    "count": """
how many are there?
how many of them are there?
how many?
count them
count those
tell me how many there are
how many did you find?
and how many is that in total?
how many are there altogether?
give me the number of them
what's the total?
how many were there again?
""",
}
# The same task again, for another thing, or for the same kind of thing in another colour (`{C}`).
ELLIPSIS = """
and the {P}?
and {P}?
what about the {P}?
what about {P}?
how about the {P}?
now the {P}
now do the {P}
and now the {P} please
same for the {P}
the same with the {P}
also the {P}
the {P} too
ok, the {P}?
then the {P}
"""
ELLIPSIS_COLOUR = """
and the {C} ones?
and {C} ones?
what about the {C} ones?
what about {C} ones?
how about the {C} ones?
now the {C} ones
same for the {C} ones
and the {C} ones too
ok and {C}?
the {C} ones as well
now only the {C} ones
"""
# The second half of a turn, about the things that the first half named.
AND_ALSO: dict[str, str] = {
    "detect": """
show me where they are
mark them
box them
draw boxes around them
point them out
tell me where they are
put a box around each
highlight them
""",
    "segment": """
outline them
segment them
mask them
cut them out
give me masks for them
trace them
make a mask of each
draw their outlines
""",
    "count": """
count them
tell me how many there are
say how many you see
give me the number of them
count how many there are
tell me the count
how many are there
report the number
""",
}
